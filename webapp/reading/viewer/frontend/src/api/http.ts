// Requests to Readroom's own server. Every failure becomes a sentence that can be shown to the reader.

/** Send a request; throws an `Error` whose message is a sentence for the reader. */
export async function request(url: string, options: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Error("The server cannot be reached. Check the network.", { cause: error });
  }
  if (!response.ok) throw new Error(await errorMessage(response));
  return response;
}

/** Return the CSRF token. Signing in again issues a new one: the cookie has it, while the page still holds the old one. */
export function csrfToken(): string {
  const cookie = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1];
  return cookie ?? document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}

async function errorMessage(response: Response): Promise<string> {
  if (response.status === 401 || response.status === 403) return "You are signed out, or may not see this. Sign in again.";
  const body: unknown = await response.json().catch(() => null);
  if (body && typeof body === "object" && "detail" in body && typeof body.detail === "string") return body.detail;
  if (response.status === 404) return "Not found on the server.";
  return `The server answered with error ${response.status}.`;
}
