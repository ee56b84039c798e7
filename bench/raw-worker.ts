/** The least a Worker can do with an upload: the body, as it is, into the bucket. */
export default {
  async fetch(request: Request, env: { BUCKET: R2Bucket }): Promise<Response> {
    if (request.body === null) return new Response('empty')
    await env.BUCKET.put('raw', request.body)
    return new Response('stored')
  },
}
