/** Whether a part of the service can do its work. */
export interface HealthReport {
  readonly status: 'ok' | 'degraded' | 'failed';
  /** For the operator, never holding a secret or a full path; shown in `/health` and by `info`. */
  readonly detail?: string;
}

/** One thing that readiness depends on. A `failed` check turns `/health/ready` into 503, a `degraded` one shows. */
export interface HealthCheck {
  readonly name: string;
  check(): Promise<HealthReport>;
}
