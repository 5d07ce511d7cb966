/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* What libbpf's header of this name declares, for a program that is run in user space: run.c has it. */
#pragma once

#define SEC(name)
#undef __always_inline
#define __always_inline inline __attribute__((always_inline, unused))
#define __uint(name, value) int(*name)[value]
#define __type(name, type) typeof(type) *name
#define __array(name, type) typeof(type) *name[]

void *bpf_map_lookup_elem(const void *map, const void *key);
long bpf_map_update_elem(const void *map, const void *key, const void *value, unsigned long flags);
long bpf_probe_read_user(void *to, unsigned int size, const void *from);
long bpf_probe_read_kernel(void *to, unsigned int size, const void *from);
long bpf_get_stack(void *ctx, void *to, unsigned int size, unsigned long flags);
void *bpf_ringbuf_reserve(const void *map, unsigned long size, unsigned long flags);
void bpf_ringbuf_submit(void *record, unsigned long flags);
unsigned long bpf_get_current_pid_tgid(void);
unsigned long bpf_get_current_task(void);
void *bpf_get_current_task_btf(void);
long bpf_task_pt_regs(void *task);
unsigned long bpf_ktime_get_ns(void);
unsigned long bpf_ktime_get_boot_ns(void);
