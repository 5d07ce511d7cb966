/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * The few kernel types that are read. The loader finds every field by name in the running kernel's
 * BTF (CO-RE), so only names matter here, not layout: neither kernel headers nor a generated
 * vmlinux.h are needed to build, and one object serves every kernel.
 */
#pragma once
#include <linux/bpf.h>

typedef _Bool bool;
enum { false, true };
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long bp, orig_ax, ip, cs, sp;
};
struct thread_struct {
	unsigned long fsbase;
};
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	u64 regs[31];
	u64 sp, pc, pstate;
	int syscallno;
};
struct thread_struct {
	struct {
		unsigned long tp_value;
	} uw;
};
#else
#error "expected __TARGET_ARCH_x86 or __TARGET_ARCH_arm64"
#endif

struct ns_common {
	unsigned int inum;
};
struct pid_namespace {
	struct ns_common ns;
};
struct upid {
	int nr;
	struct pid_namespace *ns;
};
struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct kernfs_node {
	u64 id;
};
struct cgroup;
struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};
struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
};
struct css_set {
	struct cgroup_subsys_state *subsys[1];
	struct cgroup *dfl_cgrp;
};
/* Relocated like the fields: only the name matters, and that it has a value. */
enum cgroup_subsys_id { pids_cgrp_id = 1 };

struct task_struct {
	unsigned int flags;
	void *stack;
	u64 start_boottime;
	u64 self_exec_id;
	char comm[16];
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct css_set *cgroups;
	struct thread_struct thread;
};

#pragma clang attribute pop

/* include/linux/sched.h: the task never returns to user mode. */
#define PF_KTHREAD 0x00200000
