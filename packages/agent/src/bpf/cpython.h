/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * Frames of CPython 3.8 to 3.14, which its evaluation loop keeps in lists of its own, one a thread. The
 * walk of the native stack comes here where it meets the loop: what that run of the loop executes takes
 * the place of the loop's own frame. Offsets come from the agent: runtimes/cpython/layout.ts.
 */
#pragma once
#include "registers.h"
#include "search.h"
#include "state.h"

enum {
	/* Thread states looked at for the one of a thread that is not known yet. */
	MAX_PYTHON_THREADS = 512,
	/* Objects lie at multiples of 8; from 3.14 a reference to one has marks below. */
	REFERENCE_MARKS = 7,
	/* Of `frame_entry`: the first owner that is no Python code (3.12 and later). */
	OWNER_NONE = 3,
};

/* Interpreters the agent has found, by process. */
MAP(pythons, BPF_MAP_TYPE_HASH, u32, struct python);
MAP(python_threads, BPF_MAP_TYPE_LRU_HASH, u32, struct python_thread);

/* A word of the process; 0 where it cannot be read, which ends every list. */
static __always_inline u64 user_word(u64 address)
{
	u64 word = 0;

	bpf_probe_read_user(&word, sizeof(word), (void *)address);
	return word;
}

static __always_inline u64 frame_of_thread(const struct python_walk *at)
{
	u64 frame = user_word(at->thread + at->python.thread_frame);

	return at->python.has_c_frame && frame ? user_word(frame + at->python.c_frame) : frame;
}

static __always_inline bool is_own_thread(const struct python_walk *at)
{
	return user_word(at->thread + at->python.thread_id) == at->thread_id;
}

/* What the walk needs to know of the thread before its first frame. */
static __always_inline void begin_python(struct walk *walk, struct task_struct *task)
{
	struct python_walk *at = &walk->in_python;
	u32 tgid = walk->stack.image.tgid;
	struct python *python = bpf_map_lookup_elem(&pythons, &tgid);

	at->is_over = !python || !is_same(&python->image, &walk->stack.image);
	at->is_begun = at->is_recorded = 0;
	at->frame = 0;
	if (at->is_over)
		return;
	at->python = *python;
	at->thread_id = thread_pointer(task);
	if (python->has_native_id) {
		struct pid *pid = BPF_CORE_READ(task, thread_pid);
		struct upid *upid = upid_at(pid, BPF_CORE_READ(pid, level));
		at->thread_id = BPF_CORE_READ(upid, nr);
	}
}

static __always_inline bool is_python_loop(const struct walk *walk, u64 pc)
{
	const struct code_range *loop = walk->in_python.python.loop;

	return !walk->in_python.is_over && ((pc >= loop[0].start && pc < loop[0].end) ||
					 (pc >= loop[1].start && pc < loop[1].end));
}

/* Where this thread's frames were the last time, if it is still so. */
static __always_inline void resume_python_thread(struct walk *walk)
{
	struct python_walk *at = &walk->in_python;
	u32 tid = bpf_get_current_pid_tgid();
	struct python_thread *known = bpf_map_lookup_elem(&python_threads, &tid);

	at->is_begun = 1;
	at->interpreter = 0;
	at->thread = 0;
	/* A new interpreter is put before the others. */
	at->newest = user_word(at->python.interpreters);
	if (!known || !is_same(&known->image, &walk->stack.image) || known->newest != at->newest)
		return;
	at->interpreter = known->interpreter;
	at->thread = known->thread;
	if (is_own_thread(at))
		at->frame = frame_of_thread(at);
	if (!at->frame)
		at->interpreter = at->thread = 0;
}

/* Goes on to the next thread state. Returns 1 if it is this thread's and has frames, or is the last. */
__attribute__((noinline)) int python_thread_step(u32 slot)
{
	struct walk *walk = bpf_map_lookup_elem(&walks, &slot);

	if (!walk)
		return 1;
	struct python_walk *at = &walk->in_python;
	const struct python *python = &at->python;

	if (at->thread) {
		at->thread = user_word(at->thread + python->thread_next);
	} else {
		at->interpreter = at->interpreter ?
					  user_word(at->interpreter + python->interpreter_next) :
					  at->newest;
		if (!at->interpreter)
			return 1;
		at->thread = user_word(at->interpreter + python->interpreter_threads);
	}
	if (at->thread && is_own_thread(at))
		at->frame = frame_of_thread(at);
	return at->frame != 0;
}

/*
 * The next list of frames of this thread: an interpreter that runs within another is the newer one, so
 * its frames come first.
 */
static __always_inline void find_python_frames(struct walk *walk)
{
	struct python_walk *at = &walk->in_python;
	bool is_first = !at->is_begun;

	if (is_first)
		resume_python_thread(walk);
	if (at->frame)
		return;
	for (u32 i = 0; i < MAX_PYTHON_THREADS; i++)
		if (python_thread_step(0))
			break;
	if (!at->frame)
		at->is_over = 1;
	if (!at->frame || !is_first)
		return;
	u32 tid = bpf_get_current_pid_tgid();
	struct python_thread found = {
		.image = walk->stack.image,
		.newest = at->newest,
		.interpreter = at->interpreter,
		.thread = at->thread,
	};
	bpf_map_update_elem(&python_threads, &tid, &found, BPF_ANY);
}

/* Writes down the frame in `at->bytes`: its code object, then what tells that it is still the same. */
static __always_inline void record_python_frame(struct walk *walk, u32 index)
{
	struct python_walk *at = &walk->in_python;
	const struct python *python = &at->python;
	u64 code = at->words[python->frame_code / 8 & 15] & ~(u64)REFERENCE_MARKS;
	u64 instruction = at->words[python->frame_instruction / 8 & 15];
	u32 first_line = 0;

	bpf_probe_read_user(&first_line, sizeof(first_line), (void *)(code + python->code_first_line));
	/* A pointer to the instruction from 3.11, before that its index. */
	if (python->code_instructions)
		instruction -= code + python->code_instructions;
	walk->stack.frame[index] = (u64)SPACE_PYTHON << SPACE_SHIFT | (code & RAW_ADDRESS_MASK);
	walk->stack.frame[index + 1] = (u64)first_line << 32 | (u32)instruction;
	walk->stack.user_words += 2;
	walk->is_replaced = at->is_recorded = 1;
}

/* One Python frame. Goes back to the native stack behind the last one of this run of the loop. */
__attribute__((noinline)) int python_step(u32 slot)
{
	struct walk *walk = bpf_map_lookup_elem(&walks, &slot);

	if (!walk)
		return 1;
	struct python_walk *at = &walk->in_python;
	const struct python *python = &at->python;

	if (!at->frame)
		find_python_frames(walk);
	if (!at->frame || bpf_probe_read_user(at->bytes, python->frame_bytes & 127, (void *)at->frame)) {
		if (at->frame)
			add(STAT_PYTHON_UNREADABLE, 1);
		at->is_over = 1;
		at->frame = 0;
		walk->unwinder = UNWIND_NATIVE;
		return 0;
	}
	u32 entry = at->bytes[python->frame_entry & 127];
	at->frame = at->words[python->frame_previous / 8 & 15];
	if (python->entry == ENTRY_BY_OWNER && entry >= OWNER_NONE) {
		walk->unwinder = UNWIND_NATIVE;
		return 0;
	}
	u64 index = (u64)walk->stack.kernel_frames + walk->stack.user_words;
	OPAQUE(index);
	if (index >= MAX_FRAMES - 1) {
		walk->stack.end = END_TOO_DEEP;
		return 1;
	}
	record_python_frame(walk, index);
	if (python->entry == ENTRY_ALWAYS || (python->entry == ENTRY_BY_FLAG && entry))
		walk->unwinder = UNWIND_NATIVE;
	return 0;
}
