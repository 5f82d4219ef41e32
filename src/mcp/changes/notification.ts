import type { Change } from './change-bus.ts';

/** A change as clients of every revision are told of it (server/tools, server/prompts, server/resources). */
export function notificationOf(change: Change): { method: string; params: Record<string, unknown> } {
  if (change.kind === 'resource') {
    return { method: 'notifications/resources/updated', params: { uri: change.uri } };
  }
  return { method: `notifications/${change.kind}/list_changed`, params: {} };
}
