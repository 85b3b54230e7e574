/* SPDX-License-Identifier: Apache-2.0 */
#include "values.h"

#include <popt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "meaning.h"

static void add(struct values *values, const char *name, const char *text)
{
	if (values->count == values->room) {
		size_t room = values->room ? 2 * values->room : 16;
		struct value *items = ARENA_ARRAY(values->arena, struct value, room);

		if (values->count > 0)
			memcpy(items, values->items, values->count * sizeof(*items));
		values->items = items;
		values->room = room;
	}
	/* Copies: the syntax that the name is of may go. */
	values->items[values->count++] = (struct value){ arena_strdup(values->arena, name),
		arena_strdup(values->arena, text) };
}

char *values_find(const struct values *values, const char *name)
{
	for (size_t i = values->count; i-- > 0;)
		if (strcmp(values->items[i].name, name) == 0)
			return values->items[i].text;
	return NULL;
}

size_t values_all(const struct values *values, const char *name, char ***list)
{
	size_t found = 0;

	*list = ARENA_ARRAY(values->arena, char *, values->count + 1);
	for (size_t i = 0; i < values->count; i++)
		if (strcmp(values->items[i].name, name) == 0)
			(*list)[found++] = values->items[i].text;
	return found;
}

static char *add_once(struct values *values, const struct parameter *parameter, const char *text)
{
	if (!parameter->repeats && values_find(values, parameter->name))
		return arena_printf(values->arena, "--%s is given twice", parameter->name);
	add(values, parameter->name, text);
	return NULL;
}

/* popt's table of what is written in our grammar; `val` is the parameter's number plus 1. */
static void options_of(const struct syntax *syntax, struct poptOption *options)
{
	size_t count = 0;

	for (size_t i = 0; i < syntax->parameter_count; i++) {
		const struct parameter *parameter = &syntax->parameters[i];

		if (parameter->kind == PARAMETER_ARGUMENT)
			continue;
		options[count++] = (struct poptOption){
			.longName = parameter->name,
			.shortName = meaning_letter(parameter->name),
			.argInfo =
				parameter->kind == PARAMETER_FLAG ? POPT_ARG_NONE : POPT_ARG_STRING,
			.val = (int)i + 1,
		};
	}
	options[count] = (struct poptOption)POPT_TABLEEND;
}

/* "--rol" was probably meant to be "--role". */
static char *unknown_option(struct values *values, const struct syntax *syntax, const char *option)
{
	const char *names[SYNTAX_PARAMETERS_MAX + 1], *nearest = NULL;
	size_t count = 0;

	for (size_t i = 0; i < syntax->parameter_count; i++)
		if (syntax->parameters[i].kind != PARAMETER_ARGUMENT)
			names[count++] = syntax->parameters[i].name;
	names[count] = NULL;
	if (strncmp(option, "--", 2) == 0 && option[2])
		nearest = command_nearest(option + 2, names);
	return arena_printf(values->arena, "there is no option %s here%s%s%s", option,
		nearest ? "; did you mean --" : "", nearest ? nearest : "", nearest ? "?" : "");
}

static char *explain(
	struct values *values, const struct syntax *syntax, poptContext context, int error)
{
	const char *option = poptBadOption(context, POPT_BADOPTION_NOALIAS);

	if (error == POPT_ERROR_BADOPT)
		return unknown_option(values, syntax, option);
	if (error == POPT_ERROR_NOARG)
		return arena_printf(values->arena, "%s needs a value", option);
	if (error == POPT_ERROR_UNWANTEDARG)
		return arena_printf(values->arena, "%s takes no value", option);
	return arena_printf(values->arena, "%s: %s", option, poptStrerror(error));
}

static char **copy_words(struct arena *arena, const char **words)
{
	size_t count = 0;
	char **copy;

	while (words && words[count])
		count++;
	copy = ARENA_ARRAY(arena, char *, count + 1);
	for (size_t i = 0; i < count; i++)
		copy[i] = arena_strdup(arena, words[i]);
	return copy;
}

static void context_free(poptContext *context)
{
	poptFreeContext(*context);
}

char *values_read_options(struct values *values, const struct syntax *syntax,
	enum values_extent extent, char **argv, char ***rest)
{
	struct poptOption options[SYNTAX_PARAMETERS_MAX + 1];
	CLEANUP(context_free) poptContext context = NULL;
	int argc = 0, found;
	char *wrong = NULL;

	while (argv[argc])
		argc++;
	options_of(syntax, options);
	context = poptGetContext(NULL, argc, (const char **)(uintptr_t)argv, options,
		extent == VALUES_BEFORE_WORD ? POPT_CONTEXT_POSIXMEHARDER : 0);
	while (!wrong && (found = poptGetNextOpt(context)) > 0) {
		char *text = poptGetOptArg(context);

		wrong = add_once(values, &syntax->parameters[found - 1], text ? text : "");
		free(text);
	}
	if (!wrong && found < -1)
		wrong = explain(values, syntax, context, found);
	*rest = copy_words(values->arena, poptGetArgs(context));
	return wrong;
}

char *values_take_arguments(struct values *values, const struct syntax *syntax, char **words)
{
	for (size_t i = 0; i < syntax->parameter_count; i++) {
		const struct parameter *parameter = &syntax->parameters[i];

		if (parameter->kind == PARAMETER_ARGUMENT && *words)
			do {
				add(values, parameter->name, *words++);
			} while (parameter->repeats && *words);
		if (!parameter->required || values_find(values, parameter->name))
			continue;
		return parameter->kind == PARAMETER_ARGUMENT
			       ? arena_printf(values->arena, "<%s> is missing", parameter->name)
			       : arena_printf(values->arena, "--%s %s is missing", parameter->name,
					 parameter->value);
	}
	if (*words)
		return arena_printf(values->arena, "\"%s\" is one argument too many", *words);
	return NULL;
}
