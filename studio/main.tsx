/** The entry of the page: theme, query cache, live events, and the app. */
import "@mantine/core/styles.css";
import "./studio.css";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { connectEvents } from "./events.ts";
import { makeQueryClient } from "./queries.ts";
import { theme } from "./theme.ts";

const client = makeQueryClient();
connectEvents(client);

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={client}>
        <App />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
