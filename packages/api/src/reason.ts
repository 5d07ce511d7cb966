/** Why a process, a node or a task gave nothing or less than asked, and what an operator can do. */
export const REASONS = {
  no_such_process:
    'The process had ended or never was. List what runs: ps, or eagle labels process.',
  no_such_container:
    'No process of such a container runs there. List what runs: eagle labels container_id.',
  no_such_unit: 'No process of such a service runs there. List what runs: eagle labels unit.',
  ambiguous: 'Several could be meant. Write more of the name.',
  process_ended: 'What was asked for ended during the task; what it gave until then is kept.',
  agent_gone: 'The agent left during the task. Its log tells why; run the task again.',
  no_agent: 'No agent is connected for the target. See: eagle agents.',
  not_permitted: 'The agent may not profile this. See: eagle doctor.',
  no_samples: 'The target used no CPU in the time. Try longer, or another event.',
  rate_too_high: 'The rate is above what the agent allows. Ask for less.',
  sampler_failed: 'The kernel refused the sampler. See: eagle doctor on the node.',
  profiler_unfit:
    'The profiler does not fit the process or the event. Ask for another: --profiler auto.',
  profiler_missing: 'The profiler is not on the node, or switched off there. See: eagle doctor.',
  profiler_busy: 'Somebody else profiles the process. Wait until that has ended.',
  profiler_failed: 'The profiler gave up; the message has its own words.',
  attach_refused: 'The JVM lets nobody attach. Ask for --profiler ebpf, or mend how it is started.',
  no_place:
    'The container has no folder that a library can be loaded from: mount a writable /tmp without noexec, or ask for --profiler ebpf.',
  no_endpoint:
    'No port of the process answers as net/http/pprof: import it and listen, or ask for --profiler ebpf.',
  cancelled: 'Somebody cancelled the task; what was taken until then is kept.',
  deadline: 'The result did not come in time. The agent may be overloaded or cut off.',
} as const;

export type Reason = keyof typeof REASONS;
