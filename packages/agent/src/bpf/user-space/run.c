/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * Runs the sampling program without a kernel: its maps lie in this process's memory, the memory of the
 * sampled process is what standard input says. Reads messages, each a header and its bytes, and
 * writes the `struct stack` of every sample. ../user-space.ts writes them.
 */
#include "../sample.bpf.c"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TABLES 256
#define FAULT (-14)

enum { RULES = 1, TABLE, PROCESS, MEMORY, SAMPLE };

struct message {
	u32 kind;
	/* Executable of a table, kernel frames of a sample. */
	u32 number;
	/* Of memory. */
	u64 address;
	u64 size;
};

struct bytes {
	u64 address, size;
	void *data;
};

static struct bytes all_rules, memory, blocks[MAX_TABLES];
static struct process *sampled;
static struct task_struct task;
static struct pt_regs *registers;
static u32 kernel_frames;
static struct walk current_walk;
static struct stat_slots slots;
static struct stack counted;

static void *element(const struct bytes *array, u32 index, u64 size)
{
	return (index + 1) * size <= array->size ? (char *)array->data + index * size : 0;
}

void *bpf_map_lookup_elem(const void *map, const void *key)
{
	u32 number = *(const u32 *)key;

	if (map == &walks)
		return &current_walk;
	if (map == &stats)
		return &slots;
	if (map == &processes)
		return sampled && number == sampled->image.tgid ? sampled : 0;
	if (map == &rules)
		return element(&all_rules, number, sizeof(struct rule));
	if (map == &tables)
		return number < MAX_TABLES && blocks[number].data ? &blocks[number] : 0;
	for (u32 i = 0; i < MAX_TABLES; i++)
		if (map == &blocks[i])
			return element(map, number, sizeof(struct block));
	return 0;
}

long bpf_map_update_elem(const void *map, const void *key, const void *value, unsigned long flags)
{
	if (map == &stacks_0)
		counted = *(const struct stack *)value;
	return 0;
}

long bpf_probe_read_user(void *to, unsigned int size, const void *from)
{
	u64 offset = (u64)from - memory.address;

	if (offset >= memory.size || memory.size - offset < size)
		return FAULT;
	memcpy(to, (char *)memory.data + offset, size);
	return 0;
}

/* The kernel's memory is this program's own. */
long bpf_probe_read_kernel(void *to, unsigned int size, const void *from)
{
	memcpy(to, from, size);
	return 0;
}

long bpf_get_stack(void *ctx, void *to, unsigned int size, unsigned long flags)
{
	u32 bytes = kernel_frames * sizeof(u64);

	if (bytes > size)
		bytes = size;
	memset(to, 0xff, bytes);
	return bytes;
}

void *bpf_ringbuf_reserve(const void *map, unsigned long size, unsigned long flags)
{
	return calloc(1, size);
}

void bpf_ringbuf_submit(void *record, unsigned long flags)
{
	free(record);
}

unsigned long bpf_get_current_pid_tgid(void)
{
	return sampled ? (unsigned long)sampled->image.tgid << 32 : 0;
}

unsigned long bpf_get_current_task(void)
{
	return (unsigned long)&task;
}

void *bpf_get_current_task_btf(void)
{
	return &task;
}

long bpf_task_pt_regs(void *of)
{
	return (long)registers;
}

unsigned long bpf_ktime_get_ns(void)
{
	return 0;
}

unsigned long bpf_ktime_get_boot_ns(void)
{
	return 0;
}

/* Takes over bytes that were read, in place of those before. */
static void keep(struct bytes *place, const struct message *message, void *data)
{
	free(place->data);
	*place = (struct bytes){ message->address, message->size, data };
}

static int sample(const struct message *message, void *data)
{
	if (!sampled || message->size != sizeof(*registers))
		return 1;
	registers = data;
	kernel_frames = message->number;
	task.group_leader = &task;
	task.self_exec_id = sampled->image.exec_id;
	task.start_boottime = sampled->image.start_ticks * NS_PER_TICK;
	memset(&counted, 0, sizeof(counted));
	on_sample(0);
	fwrite(&counted, sizeof(counted), 1, stdout);
	free(data);
	return 0;
}

static int take(const struct message *message, void *data)
{
	switch (message->kind) {
	case RULES:
		keep(&all_rules, message, data);
		return 0;
	case TABLE:
		keep(&blocks[message->number % MAX_TABLES], message, data);
		return 0;
	case PROCESS:
		free(sampled);
		sampled = data;
		return message->size != sizeof(*sampled);
	case MEMORY:
		keep(&memory, message, data);
		return 0;
	case SAMPLE:
		return sample(message, data);
	}
	return 1;
}

int main(void)
{
	struct message message;

	while (fread(&message, sizeof(message), 1, stdin) == 1) {
		void *data = malloc(message.size);
		if (message.size && fread(data, message.size, 1, stdin) != 1)
			return 2;
		if (take(&message, data))
			return 3;
	}
	return 0;
}
