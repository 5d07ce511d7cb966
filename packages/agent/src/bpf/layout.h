/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* What the programs keep, and what they and the agent hand each other: ebpf-layout.ts mirrors it. */
#pragma once
#include "kernel.h"

enum {
	/* Words of both parts of a stack: a Python frame takes two, others one. */
	MAX_FRAMES = 256,
	MAX_KERNEL_FRAMES = 64,
	MAX_MAPPINGS = 64,
	STATS = 8,
};

/* Why a walk ended: STACK_ENDS in sampler.ts, in its order. */
enum end {
	END_COMPLETE,
	END_NO_USER,
	END_NO_PROCESS,
	END_NO_MAPPING,
	END_UNREADABLE,
	END_TOO_DEEP,
	END_BAD_FRAME,
	END_BAD_GUESS,
	/* A 32-bit program: its kernel frames only. */
	END_32_BIT,
	/* The outermost frame, found by a guess somewhere on the way. */
	END_GUESSED,
};

/* Slots of `stats`. */
enum stat { STAT_SAMPLES, STAT_LOST, STAT_RUN_NS, STAT_FRAMES, STAT_EVENTS_LOST, STAT_GUESSES, STAT_PYTHON_LEFT, STAT_PYTHON_UNREADABLE };

/*
 * The top four bits of a user frame; below them, 20 bits of executable and 40 of address. Of a Python
 * frame, the address of its code object; the next word has that object's first line in its upper half,
 * by which one that took its place is known, and the instruction in its lower.
 */
enum space { SPACE_RAW, SPACE_FILE, SPACE_ANONYMOUS, SPACE_PYTHON };
#define SPACE_SHIFT 60
#define EXECUTABLE_SHIFT 40
#define MAX_EXECUTABLE 0xfffffULL
#define FILE_ADDRESS_MASK ((1ULL << EXECUTABLE_SHIFT) - 1)
#define RAW_ADDRESS_MASK ((1ULL << SPACE_SHIFT) - 1)

/* A program as one process runs it. A pid used again or an exec makes another one. */
struct image {
	u64 start_ticks;
	u32 tgid, exec_id;
};

/* How the callers of code are found that lies in no file, whose `bias` says it. GENERATED in ebpf-layout.ts. */
enum generated {
	/* It keeps a frame pointer. */
	GENERATED_FRAMED = 1,
	/* It runs on the frame of the interpreter that jumped to it, which `executable` is the mapping of. */
	GENERATED_ON_HOST,
	/* It keeps a frame pointer on stacks of its own, which begin with none. */
	GENERATED_OWN_STACK,
	/* It keeps none, and nothing tells where its frames begin. */
	GENERATED_UNFRAMED,
	/* It may keep one. */
	GENERATED_UNKNOWN,
};

struct mapping {
	u64 end, bias;
	u32 executable, space;
};

/* Executable mappings in order of their start; unused starts are 2^63 - 1. */
struct process {
	struct image image;
	/* It has more mappings: what is found in none of these stays raw. */
	u64 is_partial;
	u64 start[MAX_MAPPINGS];
	struct mapping mapping[MAX_MAPPINGS];
};

struct stack {
	u64 count;
	struct image image;
	/* Kernel frames come first, each part with its leaf first. */
	u32 kernel_frames, user_words, end, pad;
	u64 frame[MAX_FRAMES];
};

/* Which code of a process is walked over by what. One more interpreter is one more of these. */
enum unwinder { UNWIND_NATIVE, UNWIND_PYTHON };

/* How the frame that a run of the evaluation loop began with is told. */
enum python_entry { ENTRY_ALWAYS, ENTRY_BY_FLAG, ENTRY_BY_OWNER };

struct code_range {
	u64 start, end;
};

/* An interpreter of a process: runtimes/cpython/layout.ts. Offsets are bytes. */
struct python {
	struct image image;
	/* Its evaluation loop, whose rarely used part may lie elsewhere. */
	struct code_range loop[2];
	/* Address of the pointer to the newest interpreter. */
	u64 interpreters;
	u32 interpreter_next, interpreter_threads;
	u32 thread_next, thread_id, thread_frame, has_native_id;
	u32 c_frame, has_c_frame;
	u32 frame_bytes, frame_code, frame_previous, frame_instruction, frame_entry, entry;
	u32 code_first_line, code_instructions;
};

/* Where a thread's frames were found. */
struct python_thread {
	struct image image;
	u64 newest, interpreter, thread;
};

/* Where a walk is in the lists of an interpreter. */
struct python_walk {
	u64 is_over, is_begun, is_recorded;
	/* As the interpreter knows the thread. */
	u64 thread_id;
	u64 newest, interpreter, thread, frame;
	struct python python;
	union {
		u64 words[16];
		u8 bytes[128];
	};
};

/* Where a walk is: the frame that `pc` is in and the registers its caller is found by. */
struct walk {
	u64 pc, sp, fp;
	/* Link register (arm64); only a leaf's is its return address. */
	u64 link;
	/* 1 if pc is an instruction's own address, not the one after a call. */
	u64 is_leaf;
	/* 1 once a frame pointer was followed, which may have been none. */
	u64 is_guess;
	/* 1 if the last step followed a frame pointer for want of a rule. */
	u64 was_guess;
	/* What takes the next step. */
	u64 unwinder;
	/* Of the frame that `pc` is in: an interpreter was asked for its frames, and they stand for it. */
	u64 is_asked, is_replaced;
	struct python_walk in_python;
	/* Of the frame that pc is in: its `enum generated`, 0 for code of files, and its host's mapping. */
	u32 generated, host;
	struct stack stack;
};

/* By what a task is chosen; a set of them is `filters`. */
enum choice_kind { BY_PROCESS = 1, BY_THREAD = 2, BY_UNIFIED_CGROUP = 4, BY_PIDS_CGROUP = 8 };

/* A process or thread by its id, a control group by the inode number of its directory. */
struct choice {
	u64 id, kind;
};

struct announcement {
	struct image image;
	/* When, and how long after it the next may follow. */
	u64 time_ns, wait_ns;
};

/*
 * What the agent is told about: a process or mapping it has not given the kernel yet, or the hash of a
 * stack whose names are to be read before the process ends.
 */
struct event {
	struct image image;
	char comm[16];
	u64 stack;
};

struct stat_slots {
	u64 n[STATS];
};
