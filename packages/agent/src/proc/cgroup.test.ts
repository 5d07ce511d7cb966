import assert from 'node:assert/strict';
import test from 'node:test';
import { parseCgroup } from './cgroup.ts';

const ID = '7be92808767a667f35c8505cbf40d14e931ef6db5b0210329cf193b15ba9d605';
const POD = '1ec33c04-3bf8-4e33-a8ae-c4f9d1a0b2c3';

const CASES: readonly (readonly [string, string, ReturnType<typeof parseCgroup>])[] = [
  [
    'docker, v2, systemd',
    `0::/system.slice/docker-${ID}.scope\n`,
    { containerId: ID, podUid: '', unit: '' },
  ],
  [
    'docker, v1, cgroupfs',
    `12:pids:/docker/${ID}\n11:cpu,cpuacct:/docker/${ID}\n1:name=systemd:/docker/${ID}\n0::/\n`,
    { containerId: ID, podUid: '', unit: '' },
  ],
  [
    'containerd in Kubernetes, v2, systemd',
    `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${POD.replaceAll('-', '_')}.slice/cri-containerd-${ID}.scope\n`,
    { containerId: ID, podUid: POD, unit: '' },
  ],
  [
    'containerd in Kubernetes, v1, cgroupfs',
    `5:memory:/kubepods/besteffort/pod${POD}/${ID}\n`,
    { containerId: ID, podUid: POD, unit: '' },
  ],
  [
    'CRI-O with a sub-group',
    `0::/kubepods.slice/kubepods-pod${POD.replaceAll('-', '_')}.slice/crio-${ID}.scope/container\n`,
    { containerId: ID, podUid: POD, unit: '' },
  ],
  [
    'podman',
    `0::/machine.slice/libpod-${ID}.scope/container\n`,
    { containerId: ID, podUid: '', unit: '' },
  ],
  [
    'a pod of kind: the innermost container',
    `0::/docker/${'a'.repeat(64)}/kubelet/kubepods/pod${POD}/${ID}\n`,
    { containerId: ID, podUid: POD, unit: '' },
  ],
  [
    'containerd whose driver is not that of the kubelet',
    `11:cpu:/system.slice/containerd.service/kubepods-burstable-pod${POD.replaceAll('-', '_')}.slice:cri-containerd:${ID}\n`,
    { containerId: ID, podUid: POD, unit: '' },
  ],
  [
    'docker in docker: the innermost container',
    `0::/docker/${'b'.repeat(64)}/docker/${ID}\n`,
    { containerId: ID, podUid: '', unit: '' },
  ],
  [
    'a task of ECS',
    `9:perf_event:/ecs/0f9c5dd5a1c14d0ca0e3a1b1f7a4a3c2/${ID}\n`,
    { containerId: ID, podUid: '', unit: '' },
  ],
  [
    'the monitor of a container of podman, which lies outside of it',
    `0::/machine.slice/libpod-conmon-${ID}.scope\n`,
    { containerId: '', podUid: '', unit: '' },
  ],
  [
    'an agent that sees the path from a sibling namespace',
    `0::/../../pod${POD}/${ID}\n`,
    { containerId: ID, podUid: POD, unit: '' },
  ],
  [
    'a service',
    '0::/system.slice/nginx.service\n',
    { containerId: '', podUid: '', unit: 'nginx.service' },
  ],
  [
    'a service with an escaped name, v1',
    '3:cpu:/\n1:name=systemd:/system.slice/system-getty.slice/my\\x2dapp@1.service\n',
    { containerId: '', podUid: '', unit: 'my-app@1.service' },
  ],
  [
    'a login session',
    '0::/user.slice/user-1000.slice/session-3.scope\n',
    { containerId: '', podUid: '', unit: '' },
  ],
  ['the root', '0::/\n', { containerId: '', podUid: '', unit: '' }],
  ['nothing', '', { containerId: '', podUid: '', unit: '' }],
  ['no cgroup text', 'hello\n::::\n:', { containerId: '', podUid: '', unit: '' }],
];

for (const [name, text, expected] of CASES) {
  test(`parseCgroup() understands ${name}`, () => {
    assert.deepEqual(parseCgroup(text), expected);
  });
}
