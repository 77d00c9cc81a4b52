"""GLSL of the first pass: skinning, and what is seen where (geometry buffer), for hands, sleeves, things; shadow maps.

Geometry buffer, three images: distance along z, part number with the rest normal's z as its fraction, texture
coordinate; normal and place along the finger; rest position and place around the finger. Shading then runs once per
pixel, in ``shading.py``: triangles of a hand are about as large as the pixels of a crop, so shading them one by one
would cost several times as much. Rest positions are those of the unshaped template: the same skin on every shape.
"""

from __future__ import annotations

from hand_pose_ros.training.renderer.row_block import ROW_GLSL

SLEEVE_PART, THING_PART = 18, 19
FACING_SHARE = 0.4
"""The rest normal's z times this is the fraction of a part number: rounding gives the part back."""
HEADER = "#version 330\n"

SKINNING = """
mat4x3 bone_of(int k) { return transpose(mat3x4(bones[3 * k], bones[3 * k + 1], bones[3 * k + 2])); }
mat4x3 skinning(vec4 bone, vec4 weight) {
    return bone_of(int(bone.x)) * weight.x + bone_of(int(bone.y)) * weight.y
         + bone_of(int(bone.z)) * weight.z + bone_of(int(bone.w)) * weight.w;
}
"""

VERTEX = (
    ROW_GLSL
    + SKINNING
    + """
in vec3 rest; in vec3 rest_normal;
in vec3 site; in vec2 uv; in vec4 bone; in vec4 weight; in float along; in vec2 around; in float segment;
out vec3 normal; out vec4 site_facing; out vec2 texture_uv; out vec3 finger; flat out float part;
void main() {
    mat4x3 m = skinning(bone, weight);
    float out_by = site.x > band.x && site.x < band.y ? band.z : 0.0;
#ifdef SLEEVE
    out_by = hem.y;
#endif
    normal = mat3(m) * rest_normal;
    site_facing = vec4(site, rest_normal.z); texture_uv = uv; finger = vec3(along, around);
    part = segment;
    gl_Position = projection * vec4(m * vec4(rest + rest_normal * out_by, 1.0), 1.0);
}
"""
)

GEOMETRY_FRAGMENT = (
    ROW_GLSL
    + """
in vec3 normal; in vec4 site_facing; in vec2 texture_uv; in vec3 finger; flat in float part;
uniform sampler3D noise;
layout(location = 0) out vec4 place; layout(location = 1) out vec4 facing; layout(location = 2) out vec4 rest;
void main() {
    float number = part;
#ifdef SLEEVE
    // A wavy hem: cloth ends where the hand begins.
    if (site_facing.x > hem.x + 0.006 * (texture(noise, site_facing.xyz * vec3(9.0, 4.0, 4.0)).x - 0.5)) discard;
    number = 18.0;
#endif
    place = vec4(1.0 / gl_FragCoord.w, tile.z + number + 0.4 * clamp(site_facing.w, -1.0, 1.0), texture_uv);
    facing = vec4(normalize(normal), finger.x);
    rest = vec4(site_facing.xyz, atan(finger.z, finger.y));
}
"""
)

THING_VERTEX = (
    ROW_GLSL
    + """
in vec3 rest; in vec3 rest_normal;
out vec3 normal; out vec3 site;
void main() {
    mat4x3 model = transpose(mat3x4(bones[0], bones[1], bones[2]));
    normal = transpose(inverse(mat3(model))) * rest_normal;
    // Patterns are drawn on about the size of a forearm.
    site = rest * 0.05;
    gl_Position = projection * vec4(model * vec4(rest, 1.0), 1.0);
}
"""
)

THING_FRAGMENT = (
    ROW_GLSL
    + """
in vec3 normal; in vec3 site;
layout(location = 0) out vec4 place; layout(location = 1) out vec4 facing; layout(location = 2) out vec4 rest;
void main() {
    place = vec4(1.0 / gl_FragCoord.w, 0.5 * (shown.z + shown.w), 0.0, 0.0);
    facing = vec4(normalize(normal), 0.0); rest = vec4(site, 0.0);
}
"""
)

SHADOW_VERTEX = (
    ROW_GLSL
    + SKINNING
    + """
in vec3 rest; in vec4 bone; in vec4 weight;
void main() { gl_Position = light_view * vec4(skinning(bone, weight) * vec4(rest, 1.0), 1.0); }
"""
)

THING_SHADOW_VERTEX = (
    ROW_GLSL
    + """
in vec3 rest;
void main() {
    gl_Position = light_view * vec4(transpose(mat3x4(bones[0], bones[1], bones[2])) * vec4(rest, 1.0), 1.0);
}
"""
)

SHADOW_FRAGMENT = "void main() {}"
