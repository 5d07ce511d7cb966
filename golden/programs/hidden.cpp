// Stacks that a walk by frame pointers cannot follow, one kind an argument:
//   hidden recursion|callback|exception|signal|plt|plugin SECONDS
// Seven tenths of the time go by way of one function, three tenths of another, in turns of some ten
// milliseconds. Built with -O2 -fomit-frame-pointer by the tests.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <functional>
#include <stdexcept>
#include <vector>

static volatile unsigned long sink;

__attribute__((noinline)) static unsigned long spend(unsigned long rounds)
{
	unsigned long sum = 0;
	for (unsigned long i = 0; i < rounds; i++)
		sum += i * i ^ (sum >> 3);
	return sum;
}

// Large frames of varying size, so that the stack pointer moves a lot.
__attribute__((noinline)) static unsigned long recurse(int depth, const std::function<unsigned long()> &leaf)
{
	volatile char room[200];
	memset(const_cast<char *>(room), depth, sizeof(room));
	unsigned long below = depth == 0 ? leaf() : recurse(depth - 1, leaf);
	return below + room[depth % sizeof(room)];
}

static int by_spending(const void *a, const void *b)
{
	sink += spend(200);
	return *static_cast<const int *>(a) - *static_cast<const int *>(b);
}

// Through libc's qsort and libstdc++'s templates.
__attribute__((noinline)) static void call_back()
{
	std::vector<int> values(500);
	for (int &value : values)
		value = rand();
	qsort(values.data(), values.size(), sizeof(int), by_spending);
	std::sort(values.begin(), values.end(), [](int a, int b) { return by_spending(&b, &a) < 0; });
}

// Time goes into the unwinder of libgcc.
__attribute__((noinline)) static void throw_far()
{
	try {
		sink += recurse(20, []() -> unsigned long { throw std::runtime_error("far"); });
	} catch (const std::exception &) {
	}
}

static void on_signal(int)
{
	sink += spend(100000);
}

// The handler runs on the stack of what it interrupts.
__attribute__((noinline)) static void interrupt()
{
	raise(SIGUSR1);
	// What follows keeps it a call and no jump.
	sink++;
}

// Calls so small that the stubs of the procedure linkage table are often met, half done or not.
__attribute__((noinline)) static unsigned long call_stubs()
{
	for (int i = 0; i < 5000; i++)
		sink += labs(sink + i);
	return 0;
}

// Code that is mapped after the program began to run. Ends the program where the library is missing.
__attribute__((noinline)) static unsigned long call_plugin()
{
	using Crypt = char *(const char *, const char *);
	static void *library = dlopen("libcrypt.so.1", RTLD_NOW);
	if (library == nullptr)
		exit(3);
	Crypt *crypt = reinterpret_cast<Crypt *>(dlsym(library, "crypt"));
	return crypt("word", "$6$rounds=1000$salt") != nullptr;
}

static void deep()
{
	sink += recurse(30, []() { return spend(5000); });
}

static void deep_interrupt()
{
	sink += recurse(10, []() { interrupt(); return 0UL; });
}

static void deep_stubs()
{
	sink += recurse(10, call_stubs);
}

static void deep_plugin()
{
	sink += recurse(10, call_plugin);
}

struct Kind {
	const char *name;
	void (*work)();
	// So that a tenth of a turn takes about a millisecond.
	int rounds;
};

static const Kind kinds[] = {
	{ "recursion", deep, 100 },
	{ "callback", call_back, 1 },
	{ "exception", throw_far, 30 },
	{ "signal", deep_interrupt, 10 },
	{ "plt", deep_stubs, 60 },
	{ "plugin", deep_plugin, 2 },
};

__attribute__((noinline)) static void spend_seventy(const Kind &kind)
{
	for (int round = 0; round < 7 * kind.rounds; round++)
		kind.work();
}

__attribute__((noinline)) static void spend_thirty(const Kind &kind)
{
	for (int round = 0; round < 3 * kind.rounds; round++)
		kind.work();
}

int main(int count, char **words)
{
	const time_t end = time(nullptr) + (count > 2 ? atoi(words[2]) : 60);
	signal(SIGUSR1, on_signal);
	for (const Kind &kind : kinds) {
		while (count > 1 && !strcmp(words[1], kind.name) && time(nullptr) < end) {
			spend_seventy(kind);
			spend_thirty(kind);
		}
	}
	return 0;
}
