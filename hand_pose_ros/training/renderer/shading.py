"""GLSL of the second pass: skin with creases, nails and relief, cloth, lights with shadow map and capsule occlusion.

Capsule occlusion: each finger bone darkens what faces it by (radius / distance)^2 times the cosine, the closed form for
a sphere (Inigo Quilez, "sphere ambient occlusion") at the capsule's nearest point; an own bone never darkens its skin,
because it lies behind the surface.
"""

from __future__ import annotations

QUAD_VERTEX = """
#version 330
in vec2 corner;
void main() { gl_Position = vec4(corner, 1.0, 1.0); }
"""

LIGHTING = """
uniform sampler2D place_map, facing_map, rest_map, surface_map;
uniform mat4 light_projection; uniform float hand_offset;
uniform vec3 light_direction[3]; uniform vec3 light_colour[3];   // towards the light; linear RGB
uniform vec3 sky; uniform vec3 ground; uniform vec3 up;
uniform int capsule_count; uniform vec4 capsule_a[24]; uniform vec4 capsule_b[24];  // end and radius
uniform sampler2DShadow shadow_map; uniform float shadow_softness; uniform float exposure;

float occlusion(vec3 p, vec3 n) {
    float open = 1.0;
    for (int i = 0; i < capsule_count; i++) {
        vec3 a = capsule_a[i].xyz, ab = capsule_b[i].xyz - a;
        float t = clamp(dot(p - a, ab) / max(dot(ab, ab), 1e-9), 0.0, 1.0);
        vec3 d = a + t * ab - p;
        float r = mix(capsule_a[i].w, capsule_b[i].w, t), d2 = max(dot(d, d), r * r);
        float facing = max(dot(n, d) * inversesqrt(d2), 0.0);
        open *= 1.0 - 0.9 * facing * r * r / d2;
    }
    return open;
}

float lit(vec4 q) {
    vec3 s = q.xyz * 0.5 + 0.5;
    if (any(lessThan(s, vec3(0.0))) || any(greaterThan(s, vec3(1.0)))) return 1.0;
    float sum = 0.0;
    for (int i = 0; i < 4; i++) {
        vec2 o = vec2((i & 1) * 2 - 1, (i >> 1) * 2 - 1) * shadow_softness;
        sum += texture(shadow_map, vec3(s.xy + o, s.z - 0.004));
    }
    return sum * 0.25;
}

vec3 shade(vec3 albedo, vec3 n, vec3 p, float gloss, float shine, vec3 bleed, float open, float shadow) {
    vec3 v = normalize(-p);
    vec3 total = albedo * mix(ground, sky, 0.5 + 0.5 * dot(n, up)) * open;
    total += 0.04 * shine * mix(ground, sky, 0.5 + 0.5 * dot(reflect(-v, n), up)) * open;
    for (int i = 0; i < 3; i++) {
        float c = dot(n, light_direction[i]);
        vec3 wrapped = clamp((c + bleed) / (1.0 + bleed), 0.0, 1.0);
        float visible = i == 0 ? shadow : 0.35 + 0.65 * open;
        vec3 soft = mix(vec3(visible), vec3(1.0), bleed * 0.35) * mix(open, 1.0, 0.6);
        vec3 h = normalize(v + light_direction[i]);
        float highlight = pow(max(dot(n, h), 0.0), gloss) * (gloss + 8.0) * 0.04 * max(c, 0.0);
        float fresnel = 0.028 + 0.972 * pow(1.0 - max(dot(h, v), 0.0), 5.0);
        total += light_colour[i] * (albedo * wrapped * soft + shine * fresnel * highlight * visible);
    }
    return total * exposure;
}
vec3 face_viewer(vec3 n, vec3 p) { return dot(n, p) > 0.0 ? -n : n; }
vec3 display(vec3 c) { c = c / (1.0 + 0.18 * c); return pow(clamp(c, 0.0, 1.0), vec3(1.0 / 2.2)); }
"""

SKIN_FRAGMENT = (
    """
#version 330
uniform sampler2D skin; uniform sampler3D noise;
uniform vec3 tint; uniform float relief; uniform float wrinkles; uniform float gloss; uniform float shine;
uniform vec3 nail_colour; uniform float nail_gloss; uniform float vein; uniform float mottle;
uniform float cuff;
uniform vec4 band; uniform vec3 band_colour; uniform vec4 ring; uniform vec3 ring_colour; // ring: part, from, to
uniform vec4 glove; // rgb, w: 1 worn
"""
    + LIGHTING
    + """
out vec4 colour;
float line(float x, float width) { return exp(-x * x / (width * width)); }

// Depth of the creases at this point, 0 to 1: joints from both sides, the palm's three lines.
float creases(float wobble, float along, float around, float part, vec3 rest_position, float rest_facing) {
    float joint = 0.0, a = along + 0.05 * wobble, palmar = smoothstep(0.1, -0.5, cos(around));
    for (int j = 1; j <= 2; j++) {
        float x = a - float(j);
        float inner = max(line(x, 0.025), 0.6 * line(x - 0.09, 0.02));
        float outer = line(x, 0.16) * (0.5 + 0.5 * sin(x * 75.0 + 5.0 * wobble));
        joint = max(joint, mix(0.75 * outer, inner, palmar));
    }
    joint = max(joint, palmar * 0.8 * line(a - 0.55, 0.03) * step(4.5, part));
    if (part == 1.0 && rest_facing < 0.0) {
        vec2 q = rest_position.xy * 10.0 + 0.03 * wobble;
        float life = length((q - vec2(0.36, 0.38)) * vec2(1.0, 1.25)) - 0.40;
        float head = q.y - 0.22 + 0.55 * (0.86 - q.x) + 0.15 * q.x * q.x;
        float heart = (q.x - 0.80) + 0.35 * q.y * q.y + 0.10 * q.y;
        float reach = step(0.15, q.x) * smoothstep(0.0, 0.4, -rest_facing);
        float three = max(line(life, 0.022) * step(-0.25, q.y - 0.1), 0.8 * line(heart, 0.02) * step(q.y, 0.15));
        joint = max(joint, reach * max(three, 0.7 * line(head, 0.02) * step(0.35, q.x) * step(-0.35, q.y)));
    }
    return joint * wrinkles;
}

void main() {
    ivec2 pixel = ivec2(gl_FragCoord.xy);
    vec4 place = texelFetch(place_map, pixel, 0), facing = texelFetch(facing_map, pixel, 0);
    vec4 rest = texelFetch(rest_map, pixel, 0), surface = texelFetch(surface_map, pixel, 0);
    float part = place.w - hand_offset;
    if (part < 0.5 || part > 17.5) discard;
    vec3 position = place.xyz, smooth_normal = face_viewer(facing.xyz, place.xyz), rest_position = rest.xyz;
    float finger_along = facing.w, around = rest.w, rest_facing = surface.z;
    vec4 fine = texture(noise, rest_position * 140.0), coarse = texture(noise, rest_position * 28.0);
    vec4 broad = texture(noise, rest_position * 7.0);
    float crease = creases(coarse.x * 2.0 - 1.0, finger_along, around, part, rest_position, rest_facing);
    vec3 bump = (fine.yzw - 0.5) * 0.5 + (coarse.yzw - 0.5) * 0.6;
    vec3 n = normalize(smooth_normal + relief * bump * 0.5);
    vec3 albedo = pow(textureLod(skin, surface.xy, 0.0).rgb, vec3(2.2)) * tint;
    albedo *= 1.0 + mottle * (vec3(broad.x + coarse.x - 1.0) * vec3(0.5, 1.0, 1.0) + (fine.x - 0.5) * 0.35);
    albedo *= mix(vec3(1.0), vec3(0.62, 0.42, 0.38), clamp(crease, 0.0, 1.0));
    float dorsal = smoothstep(0.2, 0.8, rest_facing);
    float track = line(abs(broad.y - 0.5) + 0.2 * abs(coarse.y - 0.5), 0.035) * dorsal * step(part, 1.5);
    albedo *= mix(vec3(1.0), vec3(0.72, 0.86, 0.92), vein * track);
    // Blood under thin skin: fingertips and knuckles are redder.
    float tip = smoothstep(2.3, 3.0, finger_along) * step(1.5, part) * step(part, 16.5);
    albedo *= mix(vec3(1.0), vec3(1.06, 0.86, 0.84), 0.6 * tip);
    float shine_here = shine * (1.0 - 0.5 * crease), gloss_here = gloss;
    vec2 nail = vec2((finger_along - 2.70) / 0.255, around / 0.80);
    float shape = pow(abs(nail.x), 4.0) + pow(abs(nail.y), 4.0);
    bool distal = mod(part - 1.0, 3.0) == 0.0 && part > 1.5 && part < 16.5;
    if (distal && shape < 1.35) {
        float inside = smoothstep(1.05, 0.9, shape);
        albedo = mix(albedo * mix(1.0, 0.72, smoothstep(1.35, 1.05, shape)), albedo * nail_colour + 0.02, inside);
        albedo = mix(albedo, albedo * 1.25 + 0.06, inside * smoothstep(0.72, 0.9, nail.x));
        gloss_here = mix(gloss, nail_gloss, inside); shine_here = mix(shine_here, 1.4, inside);
        n = normalize(mix(n, smooth_normal, 0.8 * inside));
    }
    vec3 bleed = vec3(0.30, 0.14, 0.09);
    if (rest_position.x > band.x && rest_position.x < band.y) {
        albedo = band_colour * (0.8 + 0.4 * fine.x); gloss_here = 30.0; bleed = vec3(0.0);
    }
    if (part == ring.x && finger_along > ring.y && finger_along < ring.z) {
        albedo = ring_colour * 0.4; gloss_here = 60.0; shine_here = 12.0; bleed = vec3(0.0);
    }
    if (glove.w > 0.5) {
        albedo = glove.rgb * (0.85 + 0.3 * fine.x) * (1.0 - 0.25 * crease); shine_here = 0.4; gloss_here = 8.0;
        bleed = vec3(0.05);
    }
    float open = occlusion(position, n) * (1.0 - 0.35 * crease);
    open *= 1.0 - 0.6 * smoothstep(0.012, 0.0, rest_position.x - cuff);
    float shadow = lit(light_projection * vec4(position, 1.0));
    colour = vec4(display(shade(albedo, n, position, gloss_here, shine_here, bleed, open, shadow)), 1.0);
}
"""
)

SLEEVE_FRAGMENT = (
    """
#version 330
uniform sampler3D noise; uniform float cut; uniform float material;
uniform vec3 cloth_a; uniform vec3 cloth_b; uniform vec3 pattern; // kind, frequency, fold depth
"""
    + LIGHTING
    + """
out vec4 colour;
void main() {
    ivec2 pixel = ivec2(gl_FragCoord.xy);
    vec4 place = texelFetch(place_map, pixel, 0), facing = texelFetch(facing_map, pixel, 0);
    if (abs(place.w - hand_offset - material) > 0.5) discard;
    vec3 position = place.xyz, rest_position = texelFetch(rest_map, pixel, 0).xyz;
    vec4 broad = texture(noise, rest_position * vec3(9.0, 4.0, 4.0)), fine = texture(noise, rest_position * 300.0);
    vec3 smooth_normal = face_viewer(facing.xyz, position);
    vec3 n = normalize(smooth_normal + pattern.z * (broad.yzw - 0.5) + 0.25 * (fine.yzw - 0.5));
    float across = atan(rest_position.y, rest_position.z) * 0.035;
    float m = 0.0;
    if (pattern.x > 0.5) m = step(0.5, fract(rest_position.x * pattern.y));
    if (pattern.x > 1.5) m = 0.5 * m + 0.5 * step(0.5, fract(across * pattern.y));
    vec3 albedo = mix(cloth_a, cloth_b, m) * (0.8 + 0.4 * fine.x);
    float hem = rest_position.x - cut;
    albedo *= 1.0 - 0.35 * exp(-pow((hem + 0.010) / 0.0012, 2.0));
    float fold = 1.0 - 0.5 * pattern.z * smoothstep(0.55, 0.2, broad.x);
    float shadow = lit(light_projection * vec4(position, 1.0)), open = fold * occlusion(position, n);
    colour = vec4(display(shade(albedo, n, position, 6.0, 0.25, vec3(0.08), open, shadow)), 1.0);
}
"""
)
