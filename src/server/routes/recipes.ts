/** The recipe of a project: a person's, or none when the designer is to choose. */
import { designChoices } from "../../pipeline/design-choices.ts";
import { parseRecipe } from "../../pipeline/parse-recipe.ts";
import type { Recipe } from "../../pipeline/recipe.ts";
import { designChoicesSchema, recipeAnswerSchema } from "../api.ts";
import { type App, type Context, findProject } from "../app.ts";
import { projectParams, responses } from "./shared.ts";

const PATH = "/api/projects/:project/recipe";

export function recipeRoutes(app: App, context: Context): void {
  const { store } = context;
  const response = responses(recipeAnswerSchema);

  app.get(
    PATH,
    { schema: { tags: ["recipe"], params: projectParams, response } },
    async (request) => {
      const { id } = await findProject(context, request.params.project);
      return { recipe: ((await store.recipes.get(id)) ?? null) as Recipe | null };
    },
  );
  app.get(
    "/api/design-choices",
    {
      schema: {
        tags: ["recipe"],
        summary: "What a recipe may choose from, with settings, defaults and bounds",
        response: responses(designChoicesSchema),
      },
    },
    async () => designChoices(),
  );
  app.put(
    PATH,
    { schema: { tags: ["recipe"], params: projectParams, body: recipeAnswerSchema, response } },
    async (request) => {
      const { id } = await findProject(context, request.params.project);
      const given = request.body.recipe;
      // The schema leaves a recipe open; its own parser knows the rules.
      const recipe = given === null ? null : parseRecipe(JSON.stringify(given));
      if (recipe === null) await store.recipes.delete(id);
      else await store.recipes.put(id, recipe);
      return { recipe };
    },
  );
  app.delete(
    PATH,
    { schema: { tags: ["recipe"], params: projectParams, response } },
    async (request) => {
      const { id } = await findProject(context, request.params.project);
      await store.recipes.delete(id);
      return { recipe: null };
    },
  );
}
