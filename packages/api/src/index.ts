export * from './code.ts';
export * from './gen/kubeeagle/v1/agent_pb.ts';
export * from './gen/kubeeagle/v1/query_pb.ts';
export * from './gen/kubeeagle/v1/status_pb.ts';
export * from './gen/kubeeagle/v1/task_pb.ts';
export * from './reason.ts';
export * from './routes.ts';
export * from './task-state.ts';
