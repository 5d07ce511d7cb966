/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * Which tasks are sampled: every one, or those of chosen processes, threads and control groups. What is
 * not chosen costs a few reads and is neither walked nor counted.
 */
#pragma once
#include "state.h"

/* A group that lies deeper below a chosen one is not found. */
#define MAX_CGROUP_DEPTH 16

static __always_inline bool is_chosen(u64 id, u64 kind)
{
	struct choice choice = { .id = id, .kind = kind };

	return (filters & kind) && bpf_map_lookup_elem(&chosen, &choice);
}

/* Whether a group or one above it is chosen. */
static __always_inline bool is_in_chosen(struct cgroup_subsys_state *state, u64 kind)
{
	for (u32 i = 0; i < MAX_CGROUP_DEPTH && state; i++) {
		if (is_chosen(BPF_CORE_READ(state, cgroup, kn, id), kind))
			return true;
		state = BPF_CORE_READ(state, parent);
	}
	return false;
}

/* By the hierarchy of version 2, which also lies beside those of version 1 (hybrid). */
static __always_inline bool is_in_unified(struct css_set *set)
{
	struct cgroup *cgroup = BPF_CORE_READ(set, dfl_cgrp);

	return is_in_chosen(__builtin_preserve_access_index(&cgroup->self), BY_UNIFIED_CGROUP);
}

/*
 * By the hierarchy of version 1 that the pids controller is on. Helpers that give a task's group know
 * the unified hierarchy only, and 5.10 lends none of them to samplers.
 */
static __always_inline bool is_in_pids(struct css_set *set)
{
	struct cgroup_subsys_state *state = 0;
	u64 states = (u64)__builtin_preserve_access_index(&set->subsys);

	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id))
		return false;
	u64 row = bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id);
	bpf_probe_read_kernel(&state, sizeof(state), (void *)(states + row * sizeof(state)));
	return is_in_chosen(state, BY_PIDS_CGROUP);
}

/* Whether a task is to be sampled; its ids are those that the agent's /proc shows. */
static __always_inline bool is_wanted(struct task_struct *task, u32 tgid, u32 tid)
{
	if (!filters || is_chosen(tgid, BY_PROCESS) || is_chosen(tid, BY_THREAD))
		return true;
	if (!(filters & (BY_UNIFIED_CGROUP | BY_PIDS_CGROUP)))
		return false;
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	return (filters & BY_UNIFIED_CGROUP && is_in_unified(set)) ||
	       (filters & BY_PIDS_CGROUP && is_in_pids(set));
}
