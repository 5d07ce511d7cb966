/** Why a process, a node or a task gave nothing or less than asked, and what an operator can do. */
export const REASONS = {
  no_such_process: 'The process had ended or never was. List what runs: ps, or eagle targets.',
  no_such_container: 'No process of such a container runs there. List what runs: eagle targets.',
  no_such_unit: 'No process of such a service runs there. List what runs: eagle targets.',
  ambiguous: 'Several could be meant. Write more of the name.',
  process_ended: 'What was asked for ended during the task; what it gave until then is kept.',
  no_such_object:
    'Kubernetes has no object of that name there. List what runs: eagle targets, with -n or -A.',
  no_running_pods: 'It has no running pods now. Look at it: kubectl describe.',
  no_cluster:
    'The server watches no Kubernetes cluster. Start it with --kubeconfig FILE, or in the cluster.',
  cluster_unknown:
    'The server has not read this from the Kubernetes API yet. What is in its way: eagle status.',
  pod_ended:
    'A pod ended during the task; what it gave until then is kept. Run the task again for those that took its place.',
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
