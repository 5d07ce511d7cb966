/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * Unwind tables: for each address of an executable, the rule by which its caller is found. The agent
 * makes them from call frame information; unwind/rule.ts and unwind/table-blocks.ts have this layout.
 */
#pragma once
#include "search.h"
#include "state.h"

enum {
	BLOCK_ROWS = 512,
	/* Index, index of indexes, rows: enough for 16 million of them. */
	TABLE_LEVELS = 3,
	/* Of a row of an index: the block it leads to is an index too. */
	IS_INDEX = 0x8000,
};

/* Where the caller's stack pointer, the canonical frame address (CFA), is found. */
enum cfa_rule {
	CFA_INVALID,
	CFA_SP,
	CFA_FP,
	CFA_PLT,
	CFA_DEREF_SP,
	CFA_DEREF_FP,
	CFA_STOP,
	CFA_SIGNAL,
	/* By the frame pointer, on another stack. */
	CFA_OTHER_STACK,
};

/* Where the caller's frame pointer (arm64: and return address) is found. */
enum fp_rule { FP_SAME, FP_SAVED, FP_UNDEFINED, FP_OFFSET };

struct rule {
	u8 cfa, fp;
	s16 fp_offset;
	s32 cfa_offset;
};

/* Six bytes a row; unused rows have the largest address. Rows of an index lead to another block. */
struct block {
	u32 pc[BLOCK_ROWS];
	u16 rule[BLOCK_ROWS];
};

/* Where a table has the rule of the frame that code runs on which its executable has generated. */
#define HOST_FRAME 0xfffffffe

/* Rules of all tables, by number. */
MAP(rules, BPF_MAP_TYPE_ARRAY, u32, struct rule);

/*
 * Blocks of one executable, block 0 its index. Sizes instead of types: the agent's tables have no BTF,
 * and kernels from 5.15 to 6.1 refuse an inner map that has none where the template has.
 */
struct table {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(struct block));
} table_template SEC(".maps");

/* Tables by the number of their executable. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, u32);
	__array(values, struct table);
} tables SEC(".maps");

/* The rule for an address of an executable; 0 where there is none. */
static __always_inline struct rule *find_rule(u32 executable, u64 address)
{
	void *table = bpf_map_lookup_elem(&tables, &executable);
	u32 key = 0, is_index = IS_INDEX;

	if (!table)
		return 0;
	_Pragma("unroll") for (u32 level = 0; level < TABLE_LEVELS; level++)
	{
		struct block *block = bpf_map_lookup_elem(table, &key);
		if (!block)
			return 0;
		u64 row = LAST_AT_MOST(block->pc, BLOCK_ROWS, address);
		if (block->pc[row] > address)
			return 0;
		key = block->rule[row];
		if (!is_index)
			return bpf_map_lookup_elem(&rules, &key);
		is_index = key & IS_INDEX;
		key &= ~IS_INDEX;
	}
	return 0;
}
