import { createConnectTransport } from '@connectrpc/connect-web';
import { createEagleClient } from '@kube-eagle/api';
import { CPU, profileTypeId } from '@kube-eagle/profile';

/** The sum that a server has stored of each batch of the last hour, by their label `batch`. */
export async function sumsByBatch(url: string): Promise<ReadonlyMap<string, number>> {
  const { query } = createEagleClient(createConnectTransport({ baseUrl: url }));
  const { series, leftOut } = await query.timeline({
    selection: {
      profileType: profileTypeId(CPU),
      selector: '',
      fromMs: Date.now() - 3_600_000,
      toMs: Date.now() + 60_000,
    },
    groupBy: ['batch'],
    limit: 1_000,
  });
  if (leftOut > 0) throw new Error(`expected all batches in the answer, ${leftOut} are left out`);
  return new Map(
    series.map(({ labels, values }) => [
      labels['batch'] ?? '',
      values.reduce((sum, value) => sum + value, 0),
    ]),
  );
}
