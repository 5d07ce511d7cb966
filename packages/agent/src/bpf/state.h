/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* The maps and variables of the programs, and the two ways they tell the agent something. */
#pragma once
#include "layout.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/*
 * How soon an agent that does not know a process or mapping is told again: at first soon, as a new
 * program loads its libraries while the agent looks at it, then later and later.
 */
#define SOONEST_AGAIN_NS 4000000ULL
#define LATEST_AGAIN_NS 1000000000ULL
/* Ticks of /proc/PID/stat: USER_HZ is 100 on every architecture here. */
#define NS_PER_TICK 10000000ULL
/* A process that has run for so long is not likely to end within the window. */
#define YOUNG_TICKS 3000

/* The kinds of `chosen`, none for every task. The agent sets this before loading: a constant to the verifier. */
const volatile u32 filters = 0;

/* Which of the two `stacks` is being filled; the agent flips it and drains the other. */
u32 active = 0;

/* Written by learn_agent. thread_size is used before 5.15 only. */
struct {
	u32 thread_size, pid_level, pid_namespace;
} agent = { .thread_size = 16384 };

/* max_entries are the least that load; the agent sets them by rate, window and CPUs. */
#define MAP(name, map_type, key_type, value_type)      \
	struct {                                       \
		__uint(type, map_type);                \
		__uint(max_entries, 1);                \
		__type(key, key_type);                 \
		__type(value, value_type);             \
	} name SEC(".maps")

MAP(processes, BPF_MAP_TYPE_HASH, u32, struct process);
MAP(chosen, BPF_MAP_TYPE_HASH, struct choice, u32);
MAP(stacks_0, BPF_MAP_TYPE_HASH, u64, struct stack);
MAP(stacks_1, BPF_MAP_TYPE_HASH, u64, struct stack);
MAP(announced, BPF_MAP_TYPE_LRU_HASH, u32, struct announcement);
MAP(walks, BPF_MAP_TYPE_PERCPU_ARRAY, u32, struct walk);
MAP(stats, BPF_MAP_TYPE_PERCPU_ARRAY, u32, struct stat_slots);
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

static __always_inline void add(u32 slot, u64 n)
{
	u32 zero = 0;
	struct stat_slots *slots = bpf_map_lookup_elem(&stats, &zero);

	if (slots)
		slots->n[slot & (STATS - 1)] += n;
}

/* How a namespace around a task numbers it. */
static __always_inline struct upid *upid_at(struct pid *pid, u32 level)
{
	return (void *)((u64)__builtin_preserve_access_index(&pid->numbers) +
			level * bpf_core_type_size(struct upid));
}

static __always_inline bool is_same(const struct image *a, const struct image *b)
{
	return a->start_ticks == b->start_ticks && a->exec_id == b->exec_id && a->tgid == b->tgid;
}

static __always_inline void send_event(const struct image *image, u64 stack)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		add(STAT_EVENTS_LOST, 1);
		return;
	}
	event->image = *image;
	event->stack = stack;
	struct task_struct *task = (void *)bpf_get_current_task();
	BPF_CORE_READ_INTO(&event->comm, task, group_leader, comm);
	bpf_ringbuf_submit(event, 0);
}

/* Tells the agent of a process or mapping it does not know, unless it was told just now. */
static __always_inline void announce(const struct image *image)
{
	u64 now = bpf_ktime_get_ns();
	struct announcement *last = bpf_map_lookup_elem(&announced, &image->tgid);

	struct announcement next = { .image = *image, .time_ns = now, .wait_ns = SOONEST_AGAIN_NS };

	if (last && is_same(&last->image, image)) {
		if (now - last->time_ns < last->wait_ns)
			return;
		next.wait_ns = last->wait_ns * 2;
		if (next.wait_ns > LATEST_AGAIN_NS)
			next.wait_ns = LATEST_AGAIN_NS;
	}
	bpf_map_update_elem(&announced, &image->tgid, &next, BPF_ANY);
	send_event(image, 0);
}

/*
 * Has the agent read the names of a stack that is new, if they lie in the process only and it may have
 * ended when the window does.
 */
static __always_inline void announce_names(const struct image *image, u64 stack)
{
	if (bpf_ktime_get_boot_ns() / NS_PER_TICK - image->start_ticks < YOUNG_TICKS)
		send_event(image, stack);
}
