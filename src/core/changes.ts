/** Tells clients, over every process of the deployment, that something they have seen is not as it was. */
export interface Changes {
  toolsChanged(): Promise<void>;
  promptsChanged(): Promise<void>;
  resourcesChanged(): Promise<void>;
  resourceUpdated(uri: string): Promise<void>;
}
