/*
 * Two threads that never rest: the first in first_work(), the other in other_work(). Runs until it
 * is killed, or for as many seconds as the argument says.
 *
 *   cc -O1 -fno-omit-frame-pointer -fno-inline threads.c -o threads
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static volatile unsigned long sink;

void first_work(void)
{
	for (;;)
		sink++;
}

void other_work(void)
{
	for (;;)
		sink++;
}

static void *other(void *unused)
{
	other_work();
	return unused;
}

int main(int count, char **arguments)
{
	pthread_t thread;

	alarm(count > 1 ? atoi(arguments[1]) : 1);
	pthread_create(&thread, 0, other, 0);
	first_work();
}
