"""GLSL of light: three lights, hemisphere, shadow map, occlusion by the hand's capsules, display curve.

Capsule occlusion: each finger bone darkens what faces it by (radius / distance)^2 times the cosine, the closed form for
a sphere (Inigo Quilez, "sphere ambient occlusion") at the capsule's nearest point; an own bone never darkens its skin,
because it lies behind the surface.
"""

from __future__ import annotations

from hand_pose_ros.training.renderer.row_block import CAPSULES, ROW_GLSL

QUAD_VERTEX = """
in vec2 corner;
void main() { gl_Position = vec4(corner, 1.0, 1.0); }
"""

# Written out instead of a loop: Mesa's software renderer reads an array by a running number once per pixel.
_EVERY_CAPSULE = "\n".join(
    f"    open *= unhidden(p, n, capsule_start[{k}], capsule_way[{k}], capsule_rate[{k // 4}].{'xyzw'[k % 4]});"
    for k in range(CAPSULES)
)

OCCLUSION = f"""
float unhidden(vec3 p, vec3 n, vec4 start, vec4 way, float rate) {{
    vec3 d = start.xyz - p;
    float t = clamp(-dot(d, way.xyz) * rate, 0.0, 1.0);
    d += t * way.xyz;
    float r = start.w + t * way.w, r2 = r * r, near = inversesqrt(max(dot(d, d), r2 + 1e-9));
    return 1.0 - max(dot(n, d), 0.0) * (0.9 * r2) * (near * near * near);
}}
float occlusion(vec3 p, vec3 n) {{
    float open = 1.0;
{_EVERY_CAPSULE}
    return open;
}}
"""

LIGHTING = (
    ROW_GLSL
    + """
uniform sampler2D place_map, facing_map, rest_map; uniform sampler2DShadow shadow_map;
uniform sampler3D noise, rough_noise;   // smooth, and without interpolation
out vec4 colour;
"""
    + OCCLUSION
    + """
vec3 position_of(float z) { return vec3((gl_FragCoord.xy - 0.5 - tile.xy - ray.zw) * ray.xy, 1.0) * z; }

float lit(vec3 p) {
    vec3 s = (light_view * vec4(p, 1.0)).xyz * 0.5 + 0.5;
    vec2 edge = step(vec2(0.008), s.xy) * step(s.xy, vec2(0.992));
    vec2 q = vec2(s.x, shadow.x + clamp(s.y, 0.008, 0.992) * shadow.y);
    float near = s.z - 0.005, first = texture(shadow_map, vec3(q - shadow.zw, near));
    return mix(1.0, 0.5 * (first + texture(shadow_map, vec3(q + shadow.zw, near))), edge.x * edge.y);
}

vec3 shade(vec3 albedo, vec3 n, vec3 p, float gloss, float shine, vec3 bleed, float open, float shadow) {
    vec3 v = normalize(-p);
    vec3 total = albedo * mix(ground.rgb, sky.rgb, 0.5 + 0.5 * dot(n, up.xyz)) * open;
    total += 0.04 * shine * mix(ground.rgb, sky.rgb, 0.5 + 0.5 * dot(reflect(-v, n), up.xyz)) * open;
    vec3 softening = 1.0 / (1.0 + bleed);
    for (int i = 0; i < 3; i++) {
        vec3 l = light_direction[i].xyz;
        float c = dot(n, l), visible = i == 0 ? shadow : 0.35 + 0.65 * open;
        vec3 wrapped = clamp((c + bleed) * softening, 0.0, 1.0);
        vec3 soft = mix(vec3(visible), vec3(1.0), bleed * 0.35) * mix(open, 1.0, 0.6);
        vec3 h = normalize(v + l);
        float highlight = pow(max(dot(n, h), 1e-4), gloss) * (gloss + 8.0) * 0.04 * max(c, 0.0);
        float grazing = 1.0 - max(dot(h, v), 0.0), squared = grazing * grazing;
        float fresnel = 0.028 + 0.972 * squared * squared * grazing;
        total += light_colour[i].rgb * (albedo * wrapped * soft + shine * fresnel * highlight * visible);
    }
    return total;
}
vec3 face_viewer(vec3 n, vec3 p) { return dot(n, p) > 0.0 ? -n : n; }
vec3 display(vec3 c) { c = c / (1.0 + 0.18 * c); return pow(clamp(c, 1e-6, 1.0), vec3(1.0 / 2.2)); }
"""
)
