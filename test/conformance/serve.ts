/**
 * The process that the conformance suite calls: the server as its environment configures it, with the
 * fixture pack beside the built-in tools. The product itself never loads the pack.
 */
import { type App, createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/index.ts';
import { fixturePack } from './fixture-pack/index.ts';

const config = await loadConfig({ env: process.env, cwd: process.cwd() });
const pack = fixturePack(() => app.changes);
const app: App = await createApp(config, { version: '0.0.0-conformance' }, pack);
process.once('SIGTERM', () => {
  void app.drain().finally(() => process.exit());
});
await app.listen();
