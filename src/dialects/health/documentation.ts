import { Problem } from '../../http/answers'
import type { Documentation } from '../../http/documentation'
import { Healthy, Unhealthy } from './answers'

export const documentation: Documentation = {
  title: 'Health',
  description: 'For monitors.',
  credentials: [],
  answers: {
    Healthy: { description: 'Everything works', schema: Healthy, example: { status: 'ok' } },
    Unhealthy: {
      description:
        '`failing` names what does not answer as it should: `database`, `bucket`, or the variable of a store key',
      schema: Unhealthy,
      example: { status: 'unavailable', failing: ['database'] },
    },
  },
  requests: {},
  parameters: {},
  failure: Problem,
  failureContentType: 'application/problem+json',
}
