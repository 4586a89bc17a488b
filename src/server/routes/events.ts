/** `WS /api/events`: everything that happens, as JSON messages; nothing is taken in. */
import type { WebSocket } from "ws";
import type { App, Context } from "../app.ts";

/** A page that reads so slowly that this many bytes wait for it is cut off; it connects again. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024;

export function eventRoutes(app: App, { events }: Context): void {
  app.get("/api/events", { websocket: true, schema: { hide: true } }, (socket: WebSocket) => {
    const unsubscribe = events.subscribe((event) => {
      if (socket.bufferedAmount > MOST_WAITING_BYTES) socket.terminate();
      else socket.send(JSON.stringify(event));
    });
    socket.on("close", unsubscribe);
    socket.on("error", () => socket.terminate());
  });
}
