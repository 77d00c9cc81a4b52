"""GLSL of the first pass: skinning, and what is seen where (geometry buffer), for hands and sleeves; and shadow maps.

Geometry buffer, four float images: position and part number; normal and place along the finger; rest position and
place around the finger; texture coordinate, rest normal's z. Shading then runs once per pixel, in ``shading.py``:
triangles of a hand are about as large as the pixels of a crop, so shading them one by one would cost ten times as much.
"""

from __future__ import annotations

BONES, CAPSULES, LIGHTS = 24, 24, 3
SLEEVE_PART = 18

VERTEX = """
#version 330
uniform mat4 bones[24];
uniform mat4 projection;
uniform float swell;            // metres outward along the normal: sleeves
uniform vec4 band;              // bracelet: from x, to x, metres outward, unused
in vec3 rest; in vec3 rest_normal;
in vec2 uv; in vec4 bone; in vec4 weight; in float along; in vec2 around; in float segment;
out vec3 position; out vec3 normal; out vec3 rest_position; out float rest_facing; out vec2 texture_uv;
out float finger_along; out vec2 finger_around; flat out float part;
void main() {
    mat4 m = bones[int(bone.x)] * weight.x + bones[int(bone.y)] * weight.y
           + bones[int(bone.z)] * weight.z + bones[int(bone.w)] * weight.w;
    float out_by = swell + (rest.x > band.x && rest.x < band.y ? band.z : 0.0);
    position = (m * vec4(rest + rest_normal * out_by, 1.0)).xyz;
    normal = mat3(m) * rest_normal;
    rest_position = rest; rest_facing = rest_normal.z; texture_uv = uv;
    finger_along = along; finger_around = around; part = segment;
    gl_Position = projection * vec4(position, 1.0);
}
"""

THING_PART = 19
THING_VERTEX = """
#version 330
uniform mat4 model; uniform mat4 projection;
in vec3 rest; in vec3 rest_normal;
out vec3 position; out vec3 normal; out vec3 rest_position;
void main() {
    position = (model * vec4(rest, 1.0)).xyz;
    normal = transpose(inverse(mat3(model))) * rest_normal;
    // Patterns are drawn on about the size of a forearm.
    rest_position = rest * 0.05;
    gl_Position = projection * vec4(position, 1.0);
}
"""

THING_FRAGMENT = """
#version 330
in vec3 position; in vec3 normal; in vec3 rest_position;
layout(location = 0) out vec4 place; layout(location = 1) out vec4 facing;
layout(location = 2) out vec4 rest; layout(location = 3) out vec4 surface;
void main() {
    place = vec4(position, 19.0); facing = vec4(normalize(normal), 0.0);
    rest = vec4(rest_position, 0.0); surface = vec4(0.0);
}
"""

SHADOW_FRAGMENT = """
#version 330
void main() {}
"""

GEOMETRY_FRAGMENT = """
#version 330
in vec3 position; in vec3 normal; in vec3 rest_position; in float rest_facing; in vec2 texture_uv;
in float finger_along; in vec2 finger_around; flat in float part;
uniform sampler3D noise;
uniform float cut;              // drops what lies nearer to the fingers than this x (sleeves)
uniform float sleeve;           // 1 for sleeves
uniform float hand_offset;      // HAND_STEP times the hand's number
layout(location = 0) out vec4 place; layout(location = 1) out vec4 facing;
layout(location = 2) out vec4 rest; layout(location = 3) out vec4 surface;
void main() {
    float hem = cut;
    if (sleeve > 0.5) hem += 0.006 * (texture(noise, rest_position * vec3(9.0, 4.0, 4.0)).x - 0.5);
    if (rest_position.x > hem) discard;
    place = vec4(position, hand_offset + (sleeve > 0.5 ? 18.0 : part));
    facing = vec4(normalize(normal), finger_along);
    rest = vec4(rest_position, atan(finger_around.y, finger_around.x));
    surface = vec4(texture_uv, rest_facing, 1.0);
}
"""
