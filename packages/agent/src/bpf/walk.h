/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* The walk of a user stack, one frame a step. */
#pragma once
#include "registers.h"
#include "state.h"

/* Nothing is mapped below. */
#define LOWEST_CODE 0x1000
/* A caller's frame lies at most so far above its callee's: more is no frame pointer. */
#define MAX_FRAME_BYTES (1 << 20)

/*
 * 1 if a <= b, both below 2^63. A binary search made of it has no branch, so the verifier follows
 * one path. OPAQUE pins a value to the register that is checked and used: else clang makes ORs of the
 * additions, after which the verifiers of 5.10 to 6.1 know no bounds any more.
 */
#define IS_AT_MOST(a, b) (((u64)(a) - (u64)(b)-1) >> 63)
#define OPAQUE(x) asm volatile("" : "+r"(x))

/* The mapping that pc may lie in: the last one that starts at or before it. */
static __always_inline u32 find_mapping(const struct process *process, u64 pc)
{
	u64 found = 0;

	_Pragma("unroll") for (u32 step = MAX_MAPPINGS / 2; step; step >>= 1)
	{
		u64 start = process->start[(found + step) & (MAX_MAPPINGS - 1)];
		u64 advance = step * IS_AT_MOST(start, pc);
		OPAQUE(advance);
		found += advance;
	}
	return found & (MAX_MAPPINGS - 1);
}

static __always_inline struct process *known_process(const struct image *image)
{
	struct process *process = bpf_map_lookup_elem(&processes, &image->tgid);

	return process && is_same(&process->image, image) ? process : 0;
}

/*
 * Writes the frame of an address into *frame. An address of a process the agent does not know yet
 * stays raw: the agent looks it up when it drains. Returns false where a known process has no such
 * mapping.
 */
static __always_inline bool place(const struct stack *stack, u64 pc, u64 *frame)
{
	struct process *process = known_process(&stack->image);

	*frame = pc & RAW_ADDRESS_MASK;
	if (!process)
		return true;
	u32 i = find_mapping(process, pc);
	struct mapping *mapping = &process->mapping[i];
	if (process->start[i] > pc || pc >= mapping->end) {
		/* Where the program itself is, is beyond doubt; a return address may be none. */
		if (!stack->user_frames && !process->is_partial)
			announce(&stack->image);
		return process->is_partial;
	}
	u64 space = (u64)mapping->space << SPACE_SHIFT;
	if (mapping->space == SPACE_FILE)
		*frame = space | ((u64)mapping->executable & MAX_EXECUTABLE) << EXECUTABLE_SHIFT |
			 ((pc - mapping->bias) & FILE_ADDRESS_MASK);
	else
		*frame |= space;
	return true;
}

static __always_inline int stop(struct walk *walk, u32 end)
{
	walk->stack.end = end;
	return 1;
}

/* Moves the walk to the caller by the frame pointer: {caller's frame pointer, return address}. */
static __always_inline int step_by_frame_pointer(struct walk *walk)
{
	u64 saved[2], fp = walk->fp;

	if (!fp)
		return stop(walk, END_COMPLETE);
	if (fp & 7 || fp < walk->sp || fp - walk->sp > MAX_FRAME_BYTES)
		return stop(walk, END_BAD_FRAME);
	if (bpf_probe_read_user(saved, sizeof(saved), (void *)fp))
		return stop(walk, END_UNREADABLE);
	walk->fp = saved[0];
	walk->pc = CODE_ADDRESS(saved[1]);
	walk->sp = fp + sizeof(saved);
	walk->is_leaf = 0;
	return walk->pc ? 0 : stop(walk, END_COMPLETE);
}

/*
 * One frame: records where the walk is, then moves it to the caller. Returns 1 at the end. A global
 * function is verified once and not once an iteration, so what it does may grow.
 */
__attribute__((noinline)) int unwind_step(u32 slot)
{
	struct walk *walk = bpf_map_lookup_elem(&walks, &slot);

	if (!walk)
		return 1;
	struct stack *stack = &walk->stack;
	u64 at = (u64)stack->kernel_frames + stack->user_frames;
	u64 frame;

	if (walk->pc < LOWEST_CODE)
		return stop(walk, END_BAD_FRAME);
	OPAQUE(at);
	if (at >= MAX_FRAMES)
		return stop(walk, END_TOO_DEEP);
	/* A return address belongs to the call before it, which may be the function's last word. */
	if (!place(stack, walk->pc - !walk->is_leaf, &frame))
		return stop(walk, END_NO_MAPPING);
	stack->frame[at] = frame;
	stack->user_frames++;
	return step_by_frame_pointer(walk);
}
