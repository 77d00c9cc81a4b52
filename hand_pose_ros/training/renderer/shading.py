"""GLSL of the second pass: skin with creases, nails, veins, tattoos and jewellery; cloth of sleeves and things."""

from __future__ import annotations

from hand_pose_ros.training.renderer.lighting import LIGHTING

CREASES = """
float line(float x, float width) { return exp(-x * x / (width * width)); }

// Depth of the creases at this point, 0 to 1: joints from both sides, the palm's three lines, the wrist's two.
float creases(float wobble, float along, float around, float part, vec3 site, float inside_out) {
    float joint = 0.0, a = along + 0.05 * wobble, palmar = smoothstep(0.1, -0.5, cos(around));
    for (int j = 1; j <= 2; j++) {
        float x = a - float(j);
        float inner = max(line(x, 0.025), 0.6 * line(x - 0.09, 0.02));
        float outer = line(x, 0.16) * (0.5 + 0.5 * sin(x * 75.0 + 5.0 * wobble));
        joint = max(joint, mix(0.75 * outer, inner, palmar));
    }
    joint = max(joint, palmar * 0.8 * line(a - 0.55, 0.03) * step(4.5, part));
    if (part == 1.0 && inside_out < 0.0) {
        vec2 q = site.xy * 10.0 + 0.03 * wobble;
        float life = length((q - vec2(0.36, 0.38)) * vec2(1.0, 1.25)) - 0.40;
        float head = q.y - 0.22 + 0.55 * (0.86 - q.x) + 0.15 * q.x * q.x;
        float heart = (q.x - 0.80) + 0.35 * q.y * q.y + 0.10 * q.y;
        float reach = step(0.15, q.x) * smoothstep(0.0, 0.4, -inside_out);
        float three = max(line(life, 0.022) * step(-0.25, q.y - 0.1), 0.8 * line(heart, 0.02) * step(q.y, 0.15));
        joint = max(joint, reach * max(three, 0.7 * line(head, 0.02) * step(0.35, q.x) * step(-0.35, q.y)));
    }
    if (part == 1.0 || part == 17.0) {
        float x = site.x + 0.003 * wobble + 4.0 * site.y * site.y;
        float wrist = max(line(x - 0.002, 0.0011), 0.8 * line(x + 0.007, 0.0011));
        joint = max(joint, wrist * smoothstep(0.15, 0.5, -inside_out));
    }
    return joint;
}
"""

SURFACE = """
struct Surface { vec3 albedo; vec3 normal; vec3 bleed; float gloss; float shine; float open; };
struct Pixel { vec3 position; vec3 normal; vec3 site; vec2 uv; float part, along, around, inside_out; };
"""

SKIN = (
    CREASES
    + """
uniform sampler2D skin;
uniform sampler2D tattoos;
// Ink on the back of the hand and around the forearm, as a sheet of pictures seen flat.
float ink(vec3 site, float inside_out) {
    vec2 q = vec2(site.x, site.x < -0.02 ? atan(site.y, site.z) * 0.03 : site.y) - tattoo.xy;
    float c = tattoo_colour.a, s = sqrt(1.0 - c * c);
    q = mat2(c, s, -s, c) * q * tattoo.z + 0.5;
    float seen = site.x < -0.02 ? 1.0 : smoothstep(0.0, 0.3, inside_out);
    vec2 inside = step(vec2(0.0), q) * step(q, vec2(1.0));
    return seen * inside.x * inside.y * texture(tattoos, (vec2(mod(tattoo.w, 4.0), floor(tattoo.w / 4.0)) + q) / 4.0).r;
}

Surface skin_of(Pixel p) {
    float part = p.part, along = p.along;
    vec4 fine = texture(rough_noise, p.site * 140.0), coarse = texture(rough_noise, p.site * 28.0);
    vec4 broad = texture(noise, p.site * 7.0);
    float crease = surface.x * creases(coarse.x * 2.0 - 1.0, along, p.around, part, p.site, p.inside_out);
    vec3 bump = (fine.yzw - 0.5) * 0.5 + (coarse.yzw - 0.5) * 0.6;
    vec3 n = normalize(p.normal + tint.w * bump * 0.5);
    vec3 albedo = pow(textureLod(skin, p.uv, 0.0).rgb, vec3(2.2)) * tint.rgb;
    albedo *= 1.0 + hem.z * (vec3(broad.x + coarse.x - 1.0) * vec3(0.5, 1.0, 1.0) + (fine.x - 0.5) * 0.35);
    albedo *= mix(vec3(1.0), vec3(0.62, 0.42, 0.38), clamp(crease, 0.0, 1.0));
    float dorsal = smoothstep(0.2, 0.8, p.inside_out);
    float track = line(abs(broad.y - 0.5) + 0.2 * abs(coarse.y - 0.5), 0.035) * dorsal * step(part, 1.5);
    albedo *= mix(vec3(1.0), vec3(0.72, 0.86, 0.92), surface.w * track);
    float inked = 0.85 * ink(p.site, p.inside_out) * (0.8 + 0.4 * fine.x);
    albedo = mix(albedo, tattoo_colour.rgb * albedo * 1.5 + 0.003, inked);
    // Blood under thin skin: fingertips and knuckles are redder.
    float tip = smoothstep(2.3, 3.0, along) * step(1.5, part) * step(part, 16.5);
    albedo *= mix(vec3(1.0), vec3(1.06, 0.86, 0.84), 0.6 * tip);
    float shine = surface.z * (1.0 - 0.5 * crease), gloss = surface.y;
    vec2 at = vec2((along - 2.70) / 0.255, p.around / 0.80), squared = at * at;
    float shape = dot(squared, squared);
    bool distal = mod(part - 1.0, 3.0) == 0.0 && part > 1.5 && part < 16.5;
    if (distal && shape < 1.35) {
        float inside = smoothstep(1.05, 0.9, shape);
        albedo = mix(albedo * mix(1.0, 0.72, smoothstep(1.35, 1.05, shape)), albedo * nail.rgb + 0.02, inside);
        albedo = mix(albedo, albedo * 1.25 + 0.06, inside * smoothstep(0.72, 0.9, at.x));
        gloss = mix(gloss, nail.w, inside); shine = mix(shine, 1.4, inside);
        n = normalize(mix(n, p.normal, 0.8 * inside));
    }
    vec3 bleed = vec3(0.30, 0.14, 0.09);
    if (p.site.x > band.x && p.site.x < band.y) {
        albedo = band_colour.rgb * (0.8 + 0.4 * fine.x); gloss = 30.0; bleed = vec3(0.0);
    }
    if (part == ring.x && along > ring.y && along < ring.z) {
        albedo = ring_colour.rgb * 0.4; gloss = 60.0; shine = 12.0; bleed = vec3(0.0);
    }
    if (glove.w > 0.5) {
        albedo = glove.rgb * (0.85 + 0.3 * fine.x) * (1.0 - 0.25 * crease); shine = 0.4; gloss = 8.0;
        bleed = vec3(0.05);
    }
    if (part == 21.0) {  // an eye: pupil, iris, white
        albedo = mix(mix(vec3(0.01), cloth_b.rgb, step(0.0025, along)), vec3(0.55), step(0.0060, along)); gloss = 90.0;
    }
    float open = (1.0 - 0.35 * crease) * (1.0 - 0.6 * smoothstep(0.012, 0.0, p.site.x - hem.x));
    return Surface(albedo, n, bleed, gloss, shine, open);
}
"""
)

CLOTH = """
Surface cloth_of(Pixel p) {
    vec4 broad = texture(noise, p.site * vec3(9.0, 4.0, 4.0)), fine = texture(rough_noise, p.site * 300.0);
    vec3 n = normalize(p.normal + pattern.z * (broad.yzw - 0.5) + 0.25 * (fine.yzw - 0.5));
    float m = 0.0;
    if (pattern.x > 0.5) m = step(0.5, fract(p.site.x * pattern.y));
    if (pattern.x > 1.5) m = 0.5 * m + 0.5 * step(0.5, fract(atan(p.site.y, p.site.z) * 0.035 * pattern.y));
    vec3 albedo = mix(cloth_a.rgb, cloth_b.rgb, m) * (0.8 + 0.4 * fine.x);
    float seam = (p.site.x - hem.x + 0.010) / 0.0012;
    albedo *= 1.0 - 0.35 * exp(-seam * seam);
    float fold = 1.0 - 0.5 * pattern.z * smoothstep(0.55, 0.2, broad.x);
    return Surface(albedo, n, vec3(0.08), 6.0, 0.25, fold);
}
"""

SURFACE_FRAGMENT = (
    LIGHTING
    + SURFACE
    + "#ifdef SKIN\n"
    + SKIN
    + "#endif\n#ifdef CLOTH\n"
    + CLOTH
    + """#endif
void main() {
    ivec2 pixel = ivec2(gl_FragCoord.xy);
    vec4 place = texelFetch(place_map, pixel, 0);
    bool skin_here = place.y > shown.x && place.y < shown.y, cloth_here = place.y > shown.z && place.y < shown.w;
    if (!(skin_here || cloth_here)) discard;
    vec4 facing = texelFetch(facing_map, pixel, 0), rest = texelFetch(rest_map, pixel, 0);
    float number = floor(place.y + 0.5);
    vec3 position = position_of(place.x);
    Pixel p = Pixel(position, face_viewer(facing.xyz, position), rest.xyz, place.zw, number - tile.z, facing.w, rest.w,
                    (place.y - number) * 2.5);
    Surface s;
#if defined(SKIN) && defined(CLOTH)
    Surface a = skin_of(p), b = cloth_of(p);
    float c = cloth_here ? 1.0 : 0.0;
    s = Surface(mix(a.albedo, b.albedo, c), mix(a.normal, b.normal, c), mix(a.bleed, b.bleed, c),
                mix(a.gloss, b.gloss, c), mix(a.shine, b.shine, c), mix(a.open, b.open, c));
#elif defined(SKIN)
    s = skin_of(p);
#else
    s = cloth_of(p);
#endif
    s.open *= occlusion(position, s.normal);
    vec3 light = shade(s.albedo, s.normal, position, s.gloss, s.shine, s.bleed, s.open, lit(position));
    colour = vec4(display(light), 1.0);
}
"""
)
