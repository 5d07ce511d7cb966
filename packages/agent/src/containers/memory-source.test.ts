import { EagleError } from '@kube-eagle/profile';
import { createMemorySource } from './memory-source.ts';
import { testSource } from './source-conformance.ts';

testSource('a runtime in memory', async () => {
  const source = createMemorySource();
  let started = 0;
  return {
    source,
    async start(name) {
      const id = String(++started).padStart(64, '0');
      const labels = new Map([['team', 'shop']]);
      const image = 'kube-eagle.test/sleep:1';
      source.start({ id, runtime: 'docker', name, image, pod: '', namespace: '', labels });
      return id;
    },
    stop: async (id) => source.stop(id),
    end: async () => source.fail(new EagleError('unavailable', 'the daemon ended')),
    async [Symbol.asyncDispose]() {},
  };
});
