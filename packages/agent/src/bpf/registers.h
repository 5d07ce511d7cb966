/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Where the two processors keep what a walk begins with. */
#pragma once
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* What a walk needs of the registers that user mode was left with. */
struct user_registers {
	u64 pc, sp, fp, link;
	/* pc is the address after the instruction that is being executed: a system call. */
	bool is_after_call;
	/* They are those of a 64-bit program; of a 32-bit one. */
	bool is_known, is_32_bit;
};

#if defined(__TARGET_ARCH_x86)
#define SYSCALL_BPF 321
#define KERNEL_AND_USER_CODE_MASK 3
#define USER32_CS 0x23

static __always_inline struct user_registers read_registers(struct pt_regs *regs)
{
	u16 cs = BPF_CORE_READ(regs, cs);
	struct user_registers r = {
		.pc = BPF_CORE_READ(regs, ip),
		.sp = BPF_CORE_READ(regs, sp),
		.fp = BPF_CORE_READ(regs, bp),
		/* Interrupts and exceptions leave -1 here. */
		.is_after_call = (long)BPF_CORE_READ(regs, orig_ax) >= 0,
		.is_known = (cs & KERNEL_AND_USER_CODE_MASK) == 3 && cs != USER32_CS,
		.is_32_bit = cs == USER32_CS,
	};
	return r;
}

static __always_inline bool is_in_syscall(struct pt_regs *regs, u32 number)
{
	return BPF_CORE_READ(regs, orig_ax) == number && read_registers(regs).is_known;
}

/* pthread_self() of every C library. */
static __always_inline u64 thread_pointer(struct task_struct *task)
{
	return BPF_CORE_READ(task, thread.fsbase);
}

#define CODE_ADDRESS(pc) (pc)

/* struct rt_sigframe: the return address is popped; struct ucontext has gregs at 40, rbp the 11th. */
#define SIGNAL_REGISTERS_OFFSET (40 + 10 * 8)
struct signal_registers {
	u64 fp, rbx, rdx, rax, rcx, sp, pc;
};
#define set_link(walk, registers)

/* Where a frame keeps its return address, and whether an address is one: a call ends there. */
#define RETURN_OFFSET(rule) (-8)
static __always_inline bool is_after_call(u64 pc)
{
	u8 code[6];

	/* e8 and four bytes, or ff with none, one or four more. */
	return !bpf_probe_read_user(code, sizeof(code), (void *)(pc - sizeof(code))) &&
	       (code[1] == 0xe8 || code[0] == 0xff || code[3] == 0xff || code[4] == 0xff);
}

#elif defined(__TARGET_ARCH_arm64)
#define SYSCALL_BPF 280
/* arch/arm64/include/asm/ptrace.h: exception level and, at bit 4, AArch32. */
#define PSTATE_MODE_MASK 0x1f
#define PSTATE_32_BIT 0x10

static __always_inline struct user_registers read_registers(struct pt_regs *regs)
{
	u64 mode = BPF_CORE_READ(regs, pstate) & PSTATE_MODE_MASK;
	struct user_registers r = {
		.pc = BPF_CORE_READ(regs, pc),
		.sp = BPF_CORE_READ(regs, sp),
		.fp = BPF_CORE_READ(regs, regs[29]),
		.link = BPF_CORE_READ(regs, regs[30]),
		.is_after_call = BPF_CORE_READ(regs, syscallno) >= 0,
		.is_known = mode == 0,
		.is_32_bit = mode == PSTATE_32_BIT,
	};
	return r;
}

static __always_inline bool is_in_syscall(struct pt_regs *regs, u32 number)
{
	return BPF_CORE_READ(regs, syscallno) == number && read_registers(regs).is_known;
}

static __always_inline u64 thread_pointer(struct task_struct *task)
{
	return BPF_CORE_READ(task, thread.uw.tp_value);
}

/* Without the pointer authentication code that a signed return address carries. */
#define CODE_ADDRESS(pc) ((pc) & 0xffffffffffffULL)

/* struct rt_sigframe: siginfo, then ucontext with regs[] at 312, x29 the 30th. */
#define SIGNAL_REGISTERS_OFFSET (312 + 29 * 8)
struct signal_registers {
	u64 fp, link, sp, pc;
};
#define set_link(walk, registers) ((walk)->link = (registers).link)

/* Where a frame keeps its return address, and whether an address is one: bl or blr come before. */
#define RETURN_OFFSET(rule) ((rule)->fp_offset + 8)
static __always_inline bool is_after_call(u64 pc)
{
	u32 code;

	return !bpf_probe_read_user(&code, sizeof(code), (void *)(pc - sizeof(code))) &&
	       ((code & 0xfc000000) == 0x94000000 || (code & 0xfffffc1f) == 0xd63f0000);
}
#endif
