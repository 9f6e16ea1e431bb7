"""Runs a program under a profile of a runtime's config.json, with what it refuses logged.

    under-profile.py PROFILE PROGRAM
"""

import ctypes
import errno
import json
import os
import sys

ACTIONS = {"SCMP_ACT_ALLOW": 0x7FFF0000, "SCMP_ACT_ERRNO": 0x00050000}
OPERATORS = {"SCMP_CMP_NE": 1, "SCMP_CMP_LT": 2, "SCMP_CMP_LE": 3, "SCMP_CMP_EQ": 4, "SCMP_CMP_GE": 5,
             "SCMP_CMP_GT": 6, "SCMP_CMP_MASKED_EQ": 7}
CTL_LOG = 6  # SCMP_FLTATR_CTL_LOG


class Comparison(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def action(name, number):
    return ACTIONS[name] | ((errno.EPERM if number is None else number) if name == "SCMP_ACT_ERRNO" else 0)


def main(path, program):
    with open(path) as file:
        profile = json.load(file)
    lib = ctypes.CDLL("libseccomp.so.2")
    lib.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(lib.seccomp_init(action(profile["defaultAction"], profile.get("defaultErrnoRet"))))
    for arch in profile["architectures"]:
        token = lib.seccomp_arch_resolve_name(arch.removeprefix("SCMP_ARCH_").lower().encode())
        lib.seccomp_arch_add(context, ctypes.c_uint32(token))
    for rule in profile["syscalls"]:
        args = [Comparison(a["index"], OPERATORS[a["op"]], a["value"], a.get("valueTwo", 0)) for a in rule.get("args") or []]
        array = (Comparison * len(args))(*args)
        for name in rule["names"]:
            number = lib.seccomp_syscall_resolve_name(name.encode())
            if number != -1:
                lib.seccomp_rule_add_array(context, ctypes.c_uint32(action(rule["action"], rule.get("errnoRet"))),
                                           number, len(args), array)
    lib.seccomp_attr_set(context, CTL_LOG, 1)
    if lib.seccomp_load(context):
        sys.exit("not loaded")
    os.execv(program, [program])


main(*sys.argv[1:])
