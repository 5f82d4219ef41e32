import {
  isJSONRPCNotification,
  type JSONRPCMessage,
  SUBSCRIPTION_ID_META_KEY,
} from '@modelcontextprotocol/server';
import type { ChangeBus } from './changes/change-bus.ts';
import { notificationOf } from './changes/notification.ts';
import type { Following, Interest } from './changes/watches.ts';
import type { Notify } from './connection-session.ts';
import type { Onlooker } from './stdio-wire.ts';

/**
 * Changes for a client of revision 2026-07-28 over standard streams. The SDK picks those that its
 * `subscriptions/listen` requests ask for, and keeps them to itself: what they are about is seen in passing.
 */
export class ListenedChanges implements Onlooker {
  readonly #changes: ChangeBus;
  /** By the id of the request. */
  readonly #followings = new Map<unknown, Following>();
  readonly #unsubscribe: () => void;

  constructor(changes: ChangeBus, notify: Notify) {
    this.#changes = changes;
    this.#unsubscribe = changes.subscribe(({ change }) => {
      if (this.#followings.size > 0) notify(notificationOf(change));
    });
  }

  sent(message: JSONRPCMessage): void {
    if (!isJSONRPCNotification(message)) return;
    if (message.method !== 'notifications/subscriptions/acknowledged') return;
    const { params } = message;
    const id = params?._meta?.[SUBSCRIPTION_ID_META_KEY];
    this.#release(id);
    this.#followings.set(id, this.#changes.follow(interestIn(params?.['notifications'])));
  }

  received(message: JSONRPCMessage): void {
    if (!isJSONRPCNotification(message) || message.method !== 'notifications/cancelled') return;
    this.#release(message.params?.['requestId']);
  }

  /** The connection has ended. */
  close(): void {
    this.#unsubscribe();
    for (const id of this.#followings.keys()) this.#release(id);
  }

  #release(id: unknown): void {
    this.#followings.get(id)?.stop();
    this.#followings.delete(id);
  }
}

/** What the SDK has acknowledged, which it has checked. */
function interestIn(filter: unknown): Interest {
  const { resourceSubscriptions = [], resourcesListChanged = false } = filter as {
    readonly resourceSubscriptions?: readonly string[];
    readonly resourcesListChanged?: boolean;
  };
  return { uris: new Set(resourceSubscriptions), list: resourcesListChanged };
}
