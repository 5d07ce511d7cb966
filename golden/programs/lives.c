/*
 * Spends CPU time in one function, and lives in several ways.
 *
 *   lives once MS          one process
 *   lives fork MS          a child that goes on in the same code, as its parent does
 *   lives vfork MS         a child of vfork(2) that works in its parent's memory, then ends
 *   lives exec MS PROGRAM  another program in the same process: PROGRAM once MS
 *
 *   cc -O1 -fomit-frame-pointer -fno-inline lives.c -o lives
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 100000

unsigned work(unsigned seed)
{
	for (int round = 0; round < ROUNDS; round++)
		seed = seed * 1664525u + 1013904223u;
	return seed;
}

static long spent_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

unsigned spend(long ms)
{
	unsigned value = 1;

	for (long end = spent_ms() + ms; spent_ms() < end;)
		value = work(value);
	return value;
}

void spend_in_child(long ms)
{
	pid_t child = fork();

	spend(ms);
	if (child == 0)
		_exit(0);
	wait(0);
}

void spend_in_vfork(long ms)
{
	if (vfork() == 0) {
		spend(ms);
		_exit(0);
	}
}

int main(int argc, char **argv)
{
	const char *life = argc > 2 ? argv[1] : "";
	long ms = argc > 2 ? atol(argv[2]) : 0;

	if (!strcmp(life, "fork"))
		spend_in_child(ms);
	else if (!strcmp(life, "vfork"))
		spend_in_vfork(ms);
	else
		spend(ms);
	if (!strcmp(life, "exec") && argc > 3)
		execl(argv[3], argv[3], "once", argv[2], (char *)0);
	return 0;
}
