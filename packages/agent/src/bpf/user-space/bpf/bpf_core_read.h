/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* What libbpf's header of this name does, where the types are those that were compiled. */
#pragma once

#define FIELDS_1(from, a) ((from)->a)
#define FIELDS_2(from, a, b) ((from)->a->b)
#define FIELDS_3(from, a, b, c) ((from)->a->b->c)
#define FIELDS_4(from, a, b, c, d) ((from)->a->b->c->d)
#define FIELDS(a, b, c, d, name, ...) name
#define BPF_CORE_READ(from, ...) \
	FIELDS(__VA_ARGS__, FIELDS_4, FIELDS_3, FIELDS_2, FIELDS_1)(from, __VA_ARGS__)
#define BPF_CORE_READ_INTO(to, from, ...) \
	__builtin_memcpy(to, &BPF_CORE_READ(from, __VA_ARGS__), sizeof(*(to)))
#define bpf_core_type_size(type) sizeof(type)
#define bpf_core_enum_value_exists(type, value) 1
#define bpf_core_enum_value(type, value) (value)
#define __builtin_preserve_access_index(expression) (expression)
