/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* The walk of a user stack, one frame a step. */
#pragma once
#include "cpython.h"
#include "registers.h"
#include "table.h"

/* Nothing is mapped below. */
#define LOWEST_CODE 0x1000
/* A caller's frame lies at most so far above its callee's: more is no frame pointer. */
#define MAX_FRAME_BYTES (1 << 20)
/* LuaJIT puts at most 255 words of four bytes below the frame of its interpreter. */
#define MAX_HOST_STEPS 64

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
static __always_inline bool place(struct walk *walk, u64 pc, u64 *frame)
{
	const struct stack *stack = &walk->stack;
	struct process *process = known_process(&stack->image);

	*frame = pc & RAW_ADDRESS_MASK;
	walk->generated = 0;
	if (!process)
		return true;
	u64 i = LAST_AT_MOST(process->start, MAX_MAPPINGS, pc);
	struct mapping *mapping = &process->mapping[i];
	if (process->start[i] > pc || pc >= mapping->end) {
		/* Where the program itself is, is beyond doubt, and what rules lead to; a guess is not. */
		if (!walk->is_guess && !process->is_partial)
			announce(&stack->image);
		return process->is_partial;
	}
	u64 space = (u64)mapping->space << SPACE_SHIFT;
	if (mapping->space == SPACE_FILE)
		*frame = space | ((u64)mapping->executable & MAX_EXECUTABLE) << EXECUTABLE_SHIFT |
			 ((pc - mapping->bias) & FILE_ADDRESS_MASK);
	else
		*frame |= space;
	if (mapping->space == SPACE_ANONYMOUS) {
		walk->generated = mapping->bias;
		walk->host = mapping->executable;
	}
	return true;
}

static __always_inline int stop(struct walk *walk, u32 end)
{
	walk->stack.end = end;
	return 1;
}

/* At the outermost frame. */
static __always_inline int stop_whole(struct walk *walk)
{
	return stop(walk, walk->is_guess ? END_GUESSED : END_COMPLETE);
}

/* Where no rule led here, what is wrong is the guess. */
static __always_inline int stop_astray(struct walk *walk, u32 end)
{
	return stop(walk, walk->was_guess ? END_BAD_GUESS : end);
}

/* Moves the walk to the caller. */
static __always_inline int go_to(struct walk *walk, u64 pc, u64 sp, u64 fp)
{
	walk->pc = CODE_ADDRESS(pc);
	walk->sp = sp;
	walk->fp = fp;
	walk->is_leaf = 0;
	return walk->pc ? 0 : stop_whole(walk);
}

static __always_inline long read_user(void *to, u32 size, u64 from)
{
	return bpf_probe_read_user(to, size, (void *)from);
}

/*
 * Whether a frame without a frame pointer may be the last. A leaf uses that register for something
 * else, and what generated code runs on begins with the frames of its runtime.
 */
static __always_inline bool may_be_outermost(const struct walk *walk)
{
	return !walk->is_leaf && (!walk->generated || walk->generated == GENERATED_OWN_STACK);
}

/* Whether the code at hand is known to keep a frame pointer. */
static __always_inline bool keeps_frame_pointer(const struct walk *walk)
{
	return walk->generated == GENERATED_FRAMED || walk->generated == GENERATED_OWN_STACK;
}

/* By the frame pointer: {caller's frame pointer, return address}. */
static __always_inline int step_by_frame_pointer(struct walk *walk)
{
	u64 saved[2], fp = walk->fp;

	walk->was_guess = 1;
	if (!keeps_frame_pointer(walk)) {
		walk->is_guess = 1;
		add(STAT_GUESSES, 1);
	}
	if (!fp)
		return may_be_outermost(walk) ? stop_whole(walk) : stop(walk, END_BAD_GUESS);
	if (fp & 7)
		return stop(walk, END_BAD_GUESS);
	if (walk->generated != GENERATED_OWN_STACK &&
	    (fp < walk->sp || fp - walk->sp > MAX_FRAME_BYTES))
		return stop(walk, END_BAD_GUESS);
	if (read_user(saved, sizeof(saved), fp))
		return stop(walk, END_BAD_GUESS);
	return go_to(walk, saved[1], fp + sizeof(saved), saved[0]);
}

/* By the registers that a signal interrupted, which the kernel has put on the stack. */
static __always_inline int step_by_signal_frame(struct walk *walk)
{
	struct signal_registers registers;

	if (read_user(&registers, sizeof(registers), walk->sp + SIGNAL_REGISTERS_OFFSET))
		return stop(walk, END_UNREADABLE);
	go_to(walk, registers.pc, registers.sp, registers.fp);
	set_link(walk, registers);
	walk->is_leaf = 1;
	return walk->pc ? 0 : stop(walk, END_BAD_FRAME);
}

/* The canonical frame address by a rule; false where it cannot be read. */
static __always_inline bool frame_address(const struct walk *walk, const struct rule *rule, u64 *cfa)
{
	s64 offset = rule->cfa_offset;
	u64 from = walk->fp;

	if (rule->cfa == CFA_SP || rule->cfa == CFA_DEREF_SP)
		from = walk->sp;
	if (rule->cfa == CFA_PLT) {
		/* The stub pushes its index by its eleventh byte. */
		*cfa = walk->sp + 8 + (((walk->pc & 15) >= 11) << 3);
		return true;
	}
	*cfa = from + offset;
	if (rule->cfa != CFA_DEREF_SP && rule->cfa != CFA_DEREF_FP)
		return true;
	/* A multiple of 8; its low bits hold what to add, in words. */
	if (read_user(cfa, sizeof(*cfa), from + (offset & ~7LL)))
		return false;
	*cfa += (offset & 7) * 8;
	return true;
}

#if defined(__TARGET_ARCH_x86)
/* A call leaves the return address right below the CFA. */
static __always_inline int step_to_frame(struct walk *walk, const struct rule *rule, u64 cfa)
{
	u64 saved[2], fp = walk->fp;

	/* By far the most common: one read for both. */
	if (rule->fp == FP_SAVED && rule->fp_offset == -16) {
		if (read_user(saved, sizeof(saved), cfa - 16))
			return stop(walk, END_UNREADABLE);
		return go_to(walk, saved[1], cfa, saved[0]);
	}
	if (rule->fp == FP_SAVED && read_user(&fp, sizeof(fp), cfa + rule->fp_offset))
		return stop(walk, END_UNREADABLE);
	if (rule->fp == FP_OFFSET && read_user(&fp, sizeof(fp), walk->fp + rule->fp_offset))
		return stop(walk, END_UNREADABLE);
	if (read_user(saved, 8, cfa - 8))
		return stop(walk, END_UNREADABLE);
	return go_to(walk, saved[0], cfa, fp);
}
#elif defined(__TARGET_ARCH_arm64)
/* The return address is in the link register until a function saves it. */
static __always_inline int step_to_frame(struct walk *walk, const struct rule *rule, u64 cfa)
{
	u64 saved[2];

	if (rule->fp == FP_SAVED) {
		if (read_user(saved, sizeof(saved), cfa + rule->fp_offset))
			return stop(walk, END_UNREADABLE);
		return go_to(walk, saved[1], cfa, saved[0]);
	}
	if (rule->fp == FP_OFFSET) {
		if (read_user(saved, 8, cfa + rule->fp_offset))
			return stop(walk, END_UNREADABLE);
		return go_to(walk, saved[0], cfa, walk->fp);
	}
	if (!walk->is_leaf)
		return stop(walk, END_BAD_FRAME);
	return go_to(walk, walk->link, cfa, walk->fp);
}
#endif

static __always_inline int step_by_rule(struct walk *walk, const struct rule *rule)
{
	u64 cfa;

	walk->was_guess = 0;
	if (rule->cfa == CFA_STOP)
		return stop_whole(walk);
	if (rule->cfa == CFA_SIGNAL)
		return step_by_signal_frame(walk);
	if (!frame_address(walk, rule, &cfa))
		return stop(walk, END_UNREADABLE);
	/* Stacks grow down: a caller that lies below is none, unless it has another stack. */
	if (cfa < walk->sp && rule->cfa != CFA_OTHER_STACK)
		return stop(walk, END_BAD_FRAME);
	return step_to_frame(walk, rule, cfa);
}

/* The mapping whose frame the generated code at hand runs on; 0 for any other code. */
static __always_inline struct mapping *host_of(const struct walk *walk)
{
	if (walk->generated != GENERATED_ON_HOST)
		return 0;
	struct process *process = known_process(&walk->stack.image);
	if (!process)
		return 0;
	return &process->mapping[walk->host & (MAX_MAPPINGS - 1)];
}

/*
 * To the caller of an interpreter whose frame is that of its generated code too. The code has moved
 * the stack pointer by what it needs, in steps of 16: the first place where the interpreter would
 * find an address to return to, right after a call of its own file, is where its frame begins.
 */
static __always_inline int step_by_host_frame(struct walk *walk, const struct rule *rule)
{
	struct process *process = known_process(&walk->stack.image);
	u32 i = walk->host & (MAX_MAPPINGS - 1);

	if (!process || !rule || rule->cfa != CFA_SP)
		return stop(walk, END_BAD_FRAME);
	walk->was_guess = 0;
	u64 cfa = walk->sp + rule->cfa_offset;
	for (u32 step = 0; step < MAX_HOST_STEPS; step++, cfa += 16) {
		u64 pc;

		if (read_user(&pc, sizeof(pc), cfa + RETURN_OFFSET(rule)))
			return stop(walk, END_UNREADABLE);
		pc = CODE_ADDRESS(pc);
		if (pc >= process->start[i] && pc < process->mapping[i].end && is_after_call(pc))
			return step_to_frame(walk, rule, cfa);
	}
	return stop(walk, END_BAD_FRAME);
}

/*
 * One frame: records where the walk is, then moves it to the caller: by the rule of its executable's
 * table, as its kind of generated code asks, or by the frame pointer where nothing else is known.
 * Returns 1 at the end. A global function is verified once and not once an iteration.
 */
__attribute__((noinline)) int unwind_step(u32 slot)
{
	struct walk *walk = bpf_map_lookup_elem(&walks, &slot);

	if (!walk)
		return 1;
	struct stack *stack = &walk->stack;
	u64 at = (u64)stack->kernel_frames + stack->user_words;
	u64 frame, pc = walk->pc - !walk->is_leaf;

	if (walk->pc < LOWEST_CODE)
		return stop_astray(walk, END_BAD_FRAME);
	OPAQUE(at);
	if (at >= MAX_FRAMES)
		return stop(walk, END_TOO_DEEP);
	/* A return address belongs to the call before it, which may be the function's last word. */
	if (!place(walk, pc, &frame))
		return stop_astray(walk, END_NO_MAPPING);
	if (!walk->is_asked && is_python_loop(walk, pc)) {
		walk->is_asked = 1;
		walk->unwinder = UNWIND_PYTHON;
		return 0;
	}
	if (!walk->is_replaced) {
		stack->frame[at] = frame;
		stack->user_words++;
	}
	walk->is_asked = walk->is_replaced = 0;
	u32 executable = frame >> EXECUTABLE_SHIFT & MAX_EXECUTABLE;
	u64 address = frame & FILE_ADDRESS_MASK;
	struct mapping *host = host_of(walk);
	if (host) {
		executable = host->executable;
		address = HOST_FRAME;
	} else if (frame >> SPACE_SHIFT != SPACE_FILE) {
		return walk->generated == GENERATED_UNFRAMED ? stop(walk, END_BAD_FRAME) :
							       step_by_frame_pointer(walk);
	}
	struct rule *rule = find_rule(executable, address);
	if (host)
		return step_by_host_frame(walk, rule);
	if (rule && rule->cfa != CFA_INVALID)
		return step_by_rule(walk, rule);
	return step_by_frame_pointer(walk);
}

/*
 * Python frames that no run of the loop was found for, as the native walk was cut or the loop has just
 * begun, go below all others.
 */
static __always_inline void add_python_rest(struct walk *walk)
{
	const struct python_walk *at = &walk->in_python;
	u32 end = walk->stack.end;
	bool is_whole = end == END_COMPLETE || end == END_GUESSED;

	if (at->is_over || end == END_TOO_DEEP || (is_whole && !at->frame))
		return;
	for (u32 i = 0; i < MAX_FRAMES; i++)
		if (python_step(0) || at->is_over)
			break;
	if (walk->is_replaced)
		add(STAT_PYTHON_LEFT, 1);
}

/* The whole stack, from where the registers are. Steps of unwinders that record nothing count too. */
static __always_inline void walk_from(struct walk *walk, struct task_struct *task)
{
	walk->unwinder = UNWIND_NATIVE;
	walk->is_asked = walk->is_replaced = 0;
	begin_python(walk, task);
	walk->stack.end = END_TOO_DEEP;
	for (u32 i = 0; i < 2 * MAX_FRAMES; i++)
		if (walk->unwinder == UNWIND_PYTHON ? python_step(0) : unwind_step(0))
			break;
	walk->is_replaced = 0;
	add_python_rest(walk);
}
