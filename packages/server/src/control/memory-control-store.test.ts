import { controlStoreConformance } from './conformance.ts';
import { createMemoryControlStore } from './memory-control-store.ts';

controlStoreConformance('memory', async () => createMemoryControlStore(), undefined);
