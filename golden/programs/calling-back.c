/*
 * A module of Python whose only function calls back: from Python through C into Python. Built as
 * calling_back.so, called as calling_back.apply(function).
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static __attribute__((noinline)) PyObject *call_back(PyObject *function)
{
	PyObject *result = PyObject_CallNoArgs(function);

	__asm__ volatile("" ::: "memory");
	return result;
}

static PyObject *apply(PyObject *self, PyObject *function)
{
	PyObject *result = call_back(function);

	__asm__ volatile("" ::: "memory");
	return result;
}

static PyMethodDef methods[] = {
	{ "apply", apply, METH_O, 0 },
	{ 0 },
};

static struct PyModuleDef module = { PyModuleDef_HEAD_INIT, "calling_back", 0, -1, methods };

PyMODINIT_FUNC PyInit_calling_back(void)
{
	return PyModule_Create(&module);
}
