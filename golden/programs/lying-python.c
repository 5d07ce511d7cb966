/*
 * Says that it is CPython and lies: lists that go round, frames that lead nowhere. Its layout is that
 * of CPython 3.11 (offsets in runtimes/cpython/layout.ts); its one argument chooses the lie.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

unsigned int Py_Version = 0x030b02f0;
unsigned long _PyRuntime[64];
static unsigned long interpreter[16], thread[64], c_frame[4], frame[2][16];

__attribute__((noinline)) void _PyEval_EvalFrameDefault(double seconds)
{
	volatile unsigned long sum = 0;
	time_t end = time(0) + (time_t)seconds;

	while (time(0) < end)
		for (int i = 0; i < 100000; i++)
			sum += i;
}

int main(int count, char **words)
{
	const char *lie = count > 1 ? words[1] : "";

	_PyRuntime[5] = (unsigned long)interpreter;
	interpreter[2] = (unsigned long)thread;
	thread[7] = (unsigned long)c_frame;
	thread[20] = syscall(SYS_gettid);
	c_frame[1] = (unsigned long)frame[0];
	for (int i = 0; i < 2; i++) {
		frame[i][4] = (unsigned long)frame;
		frame[i][6] = (unsigned long)frame[1 - i];
	}
	if (!strcmp(lie, "threads")) {
		thread[20] = 1;
		thread[1] = (unsigned long)thread;
	}
	if (!strcmp(lie, "interpreters")) {
		thread[20] = 1;
		interpreter[0] = (unsigned long)interpreter;
	}
	if (!strcmp(lie, "unreadable"))
		c_frame[1] = 0xdead0000;
	_PyEval_EvalFrameDefault(count > 2 ? atof(words[2]) : 120);
	return 0;
}
