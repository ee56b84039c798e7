import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'

const schema = z.object({ status: z.string() })
const app = new OpenAPIHono()
app.openapi(
  createRoute({
    method: 'get',
    path: '/health',
    responses: { 200: { description: 'ok', content: { 'application/json': { schema } } } },
  }),
  (c) => c.json({ status: 'ok' }),
)
export default app
