/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* What the programs keep, and what they and the agent hand each other: ebpf-layout.ts mirrors it. */
#pragma once
#include "kernel.h"

enum {
	/* Of both parts of a stack. */
	MAX_FRAMES = 192,
	MAX_KERNEL_FRAMES = 64,
	MAX_MAPPINGS = 64,
	STATS = 16,
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
};

/* Slots of `stats`; the first ones count walks by their end. */
enum stat { STAT_SAMPLES = 8, STAT_LOST, STAT_RUN_NS, STAT_FRAMES, STAT_EVENTS_LOST, STAT_GUESSES };

/* The top four bits of a user frame; below them, 20 bits of executable and 40 of address. */
enum space { SPACE_RAW, SPACE_FILE, SPACE_ANONYMOUS };
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
	u32 kernel_frames, user_frames, end, pad;
	u64 frame[MAX_FRAMES];
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
	/* Of the frame that pc is in: its `enum generated`, 0 for code of files, and its host's mapping. */
	u32 generated, host;
	struct stack stack;
};

struct announcement {
	struct image image;
	u64 time_ns;
};

/* What the agent is told about: a process or mapping it has not given the kernel yet. */
struct event {
	struct image image;
	char comm[16];
};

struct stat_slots {
	u64 n[STATS];
};
