/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The extension module sel4emu._core: initialisation, state, constants.
 *
 * What it offers is described, with types, in sel4emu/_core.pyi.
 */
#include "core.h"

#include "abi/message.h"

static int add_type(PyObject *module, PyType_Spec *spec, const char *name,
                    PyObject **ret)
{
    *ret = PyType_FromModuleAndSpec(module, spec, NULL);
    if (!*ret)
        return -1;
    return PyModule_AddObjectRef(module, name, *ret);
}

static int add_constants(PyObject *module)
{
    static const struct {
        const char *name;
        long value;
    } constants[] = {
        { "ISOLATION_DIRECT", ISOLATION_DIRECT },
        { "ISOLATION_PROCESS", ISOLATION_PROCESS },
        { "CLOCK_REAL", CLOCK_REAL },
        { "CLOCK_VIRTUAL", CLOCK_VIRTUAL },
        { "ABI_VERSION", SEL4EMU_ABI_VERSION },
        { "EXIT_RUNNING", EXIT_RUNNING },
        { "EXIT_STATUS", EXIT_STATUS },
        { "EXIT_SIGNAL", EXIT_SIGNAL },
        { "REGISTERS", REG_COUNT },
    };

    for (size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++) {
        if (PyModule_AddIntConstant(module, constants[i].name,
                                    constants[i].value) < 0)
            return -1;
    }
    return 0;
}

static int core_exec(PyObject *module)
{
    struct module_state *state = PyModule_GetState(module);

    if (errors_init(module, state) < 0)
        return -1;
    if (add_type(module, &machine_spec, "Machine", &state->machine_type) < 0)
        return -1;
    if (add_type(module, &memory_spec, "Memory", &state->memory_type) < 0)
        return -1;
    return add_constants(module);
}

static int core_traverse(PyObject *module, visitproc visit, void *arg)
{
    struct module_state *state = PyModule_GetState(module);

    Py_VISIT(state->machine_type);
    Py_VISIT(state->memory_type);
    for (int i = 0; i < EXCEPTION_COUNT; i++)
        Py_VISIT(state->exception[i]);
    return 0;
}

static int core_clear(PyObject *module)
{
    struct module_state *state = PyModule_GetState(module);

    Py_CLEAR(state->machine_type);
    Py_CLEAR(state->memory_type);
    for (int i = 0; i < EXCEPTION_COUNT; i++)
        Py_CLEAR(state->exception[i]);
    return 0;
}

static void core_free(void *module)
{
    core_clear(module);
}

static PyModuleDef_Slot core_slots[] = {
    { Py_mod_exec, core_exec },
    { 0, NULL },
};

struct PyModuleDef core_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "sel4emu._core",
    .m_doc = "The emulated machine, as the package sel4emu drives it.",
    .m_size = sizeof(struct module_state),
    .m_slots = core_slots,
    .m_traverse = core_traverse,
    .m_clear = core_clear,
    .m_free = core_free,
};

PyMODINIT_FUNC PyInit__core(void)
{
    return PyModuleDef_Init(&core_module);
}
