/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * Counts call stacks in the kernel. Run by a timer on every CPU: takes the kernel stack, walks the
 * user stack, turns user addresses into (executable, address in its file), and adds one to the
 * count of that stack. The agent drains the counts once a window, so its work does not grow with
 * the rate. Written for 5.10 and later; run on 6.18 and x86-64 so far, and compiled for arm64.
 *
 * layout.h has what passes between this and the agent.
 */
#include "filter.h"
#include "walk.h"

/* The kernel lends its helpers to programs under the GPL only. */
char LICENSE[] SEC("license") = "GPL";

/* A multiply and shift a frame; the image goes in, so equal stacks of two processes stay two. */
__attribute__((noinline)) u64 hash_stack(u32 slot)
{
	struct walk *walk = bpf_map_lookup_elem(&walks, &slot);

	if (!walk)
		return 0;
	const struct stack *stack = &walk->stack;
	u32 words = stack->kernel_frames + stack->user_words;
	u64 hash = stack->image.start_ticks ^ (u64)stack->image.tgid << 32 ^ stack->image.exec_id;

	hash = hash * 31 + ((u64)stack->kernel_frames << 16 | stack->user_words << 8 | stack->end);
	for (u32 i = 0; i < MAX_FRAMES; i++) {
		if (i >= words)
			break;
		hash = (hash ^ stack->frame[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return hash;
}

/* The registers that the task left user mode with, by system call, interrupt or NMI. */
static __always_inline struct pt_regs *user_regs(struct task_struct *task)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs)) /* 5.15 */
		return (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return (void *)((u64)BPF_CORE_READ(task, stack) + agent.thread_size -
			bpf_core_type_size(struct pt_regs));
}

/* The task's pid as the agent's /proc shows it; 0 if it does not show it. */
static __always_inline u32 pid_in_agent_namespace(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);

	if (BPF_CORE_READ(pid, level) < agent.pid_level)
		return 0;
	struct upid *upid = upid_at(pid, agent.pid_level);
	if (BPF_CORE_READ(upid, ns, ns.inum) != agent.pid_namespace)
		return 0;
	return BPF_CORE_READ(upid, nr);
}

/* Whose sample this is; false if it is not to be taken. */
static __always_inline bool identify(struct image *image, struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	u64 ids = bpf_get_current_pid_tgid();
	u32 tid = ids;

	image->tgid = ids >> 32;
	if (!image->tgid)
		return false; /* Idle. */
	/* An agent below the first pid namespace, as where a node is itself a container. */
	if (agent.pid_level) {
		image->tgid = pid_in_agent_namespace(leader);
		tid = pid_in_agent_namespace(task);
	}
	if (!image->tgid || !is_wanted(task, image->tgid, tid))
		return false;
	image->exec_id = BPF_CORE_READ(task, self_exec_id);
	image->start_ticks = BPF_CORE_READ(leader, start_boottime) / NS_PER_TICK;
	return true;
}

static __always_inline void walk_user(struct walk *walk, struct task_struct *task)
{
	walk->stack.user_words = 0;
	walk->stack.end = END_NO_USER;
	if (BPF_CORE_READ(task, flags) & PF_KTHREAD)
		return;
	struct user_registers registers = read_registers(user_regs(task));
	if (registers.is_32_bit)
		walk->stack.end = END_32_BIT;
	if (!registers.is_known)
		return;
	walk->pc = CODE_ADDRESS(registers.pc);
	walk->sp = registers.sp;
	walk->fp = registers.fp;
	walk->link = registers.link;
	walk->is_leaf = !registers.is_after_call;
	walk->is_guess = 0;
	walk->was_guess = 0;
	walk_from(walk, task);
}

/* Returns whether the stack is the first of its kind in the window. */
static __always_inline bool count(void *stacks, u64 hash, const struct stack *stack)
{
	struct stack *known = bpf_map_lookup_elem(stacks, &hash);

	if (!known) {
		if (!bpf_map_update_elem(stacks, &hash, stack, BPF_NOEXIST))
			return true;
		/* Full, busy, or another CPU was faster. */
		known = bpf_map_lookup_elem(stacks, &hash);
	}
	if (known)
		__sync_fetch_and_add(&known->count, 1);
	else
		add(STAT_LOST, 1);
	return false;
}

SEC("perf_event")
int on_sample(void *ctx)
{
	u64 started_ns = bpf_ktime_get_ns();
	u32 zero = 0;
	struct walk *walk = bpf_map_lookup_elem(&walks, &zero);
	struct task_struct *task = (void *)bpf_get_current_task();

	if (!walk || !identify(&walk->stack.image, task))
		return 0;
	struct stack *stack = &walk->stack;
	if (!known_process(&stack->image))
		announce(&stack->image);
	stack->count = 1;
	long bytes = bpf_get_stack(ctx, stack->frame, MAX_KERNEL_FRAMES * sizeof(u64), 0);
	stack->kernel_frames = bytes > 0 ? bytes / sizeof(u64) : 0;
	walk_user(walk, task);
	u64 hash = hash_stack(zero);
	bool is_new = active ? count(&stacks_1, hash, stack) : count(&stacks_0, hash, stack);
	if (is_new && walk->in_python.is_recorded)
		announce_names(&stack->image, hash);
	add(STAT_SAMPLES, 1);
	add(STAT_FRAMES, stack->kernel_frames + stack->user_words);
	add(STAT_RUN_NS, bpf_ktime_get_ns() - started_ns);
	return 0;
}

/*
 * The agent runs this once, by BPF_PROG_TEST_RUN, before anything is attached. Learns what no file
 * tells: how deep the agent's pid namespace lies, and the size of a kernel stack (KASAN doubles
 * it), from where the registers of this very bpf(2) call lie.
 */
SEC("raw_tp")
int learn_agent(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pid *pid = BPF_CORE_READ(task, thread_pid);

	agent.pid_level = BPF_CORE_READ(pid, level);
	struct upid *upid = upid_at(pid, agent.pid_level);
	agent.pid_namespace = BPF_CORE_READ(upid, ns, ns.inum);
	for (u32 size = 8192; size <= 65536; size *= 2) {
		struct pt_regs *regs = (void *)((u64)BPF_CORE_READ(task, stack) + size -
						bpf_core_type_size(struct pt_regs));
		if (is_in_syscall(regs, SYSCALL_BPF)) {
			agent.thread_size = size;
			break;
		}
	}
	return 0;
}
