/*
 * Spends seven tenths of its time below one function and three tenths below another, by the same work,
 * which is arithmetic, a system call that fills memory, or two that copy through a pipe:
 *
 *   shares compute|random|pipe SECONDS
 *
 * A turn takes some ten milliseconds: many samples at the rates of the tests, and short beside their
 * length.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static volatile unsigned sink;
static char bytes[32768];
static int ends[2];

__attribute__((noinline)) static void compute(void)
{
	unsigned value = sink;

	for (int round = 0; round < 500000; round++)
		value = value * 1664525u + 1013904223u;
	sink = value;
}

__attribute__((noinline)) static void fill(void)
{
	for (int round = 0; round < 8; round++)
		sink += getrandom(bytes, sizeof(bytes), 0);
}

__attribute__((noinline)) static void copy(void)
{
	for (int round = 0; round < 80; round++) {
		sink += write(ends[1], bytes, sizeof(bytes));
		sink += read(ends[0], bytes, sizeof(bytes));
	}
}

__attribute__((noinline)) static void spend_seventy(void (*work)(void))
{
	for (int part = 0; part < 7; part++)
		work();
	/* What follows keeps the last one a call and no jump. */
	sink++;
}

__attribute__((noinline)) static void spend_thirty(void (*work)(void))
{
	for (int part = 0; part < 3; part++)
		work();
	sink++;
}

int main(int count, char **words)
{
	const char *kind = count > 1 ? words[1] : "compute";
	time_t end = time(0) + (count > 2 ? atoi(words[2]) : 60);
	void (*work)(void) = !strcmp(kind, "random") ? fill : !strcmp(kind, "pipe") ? copy : compute;

	if (pipe(ends))
		return 1;
	while (time(0) < end) {
		spend_seventy(work);
		spend_thirty(work);
	}
	return 0;
}
