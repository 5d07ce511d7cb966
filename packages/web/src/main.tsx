import { createConnectTransport } from '@connectrpc/connect-web';
import { createEagleClient } from '@kube-eagle/api';
import { render } from 'preact';
import { App } from './app.tsx';
import { type AddressBar, createPlaceStore } from './place/place-store.ts';

/** Where the page lies: services are found beside it, also behind a proxy's prefix. */
const base = new URL('.', document.baseURI).href;

const bar: AddressBar = {
  query: () => location.search,
  write(query, how) {
    const url = `${location.pathname}${query}`;
    if (how === 'push') history.pushState(null, '', url);
    else history.replaceState(null, '', url);
  },
  onMove: (listener) => addEventListener('popstate', listener),
};

const root = document.getElementById('app');
if (root) {
  const client = createEagleClient(createConnectTransport({ baseUrl: base.replace(/\/$/, '') }));
  const page = { client, store: createPlaceStore(bar), nowMs: () => Date.now(), base };
  render(<App page={page} />, root);
}
