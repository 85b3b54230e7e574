/* SPDX-License-Identifier: Apache-2.0 */
#include "syntax.h"

#include <ctype.h>
#include <string.h>

/* Copies what is up to one of the characters in `ends`; false when that is nothing or too much. */
static bool take_until(const char **cursor, const char *ends, char *out, size_t room)
{
	size_t length = strcspn(*cursor, ends);

	if (length == 0 || length >= room)
		return false;
	memcpy(out, *cursor, length);
	out[length] = '\0';
	*cursor += length;
	return true;
}

static bool take(const char **cursor, const char *token)
{
	size_t length = strlen(token);

	if (strncmp(*cursor, token, length) != 0)
		return false;
	*cursor += length;
	return true;
}

static bool read_argument(const char **cursor, struct parameter *parameter)
{
	parameter->kind = PARAMETER_ARGUMENT;
	return take_until(cursor, ">", parameter->name, sizeof(parameter->name)) &&
	       take(cursor, ">");
}

/* A value is written in capitals: "--role ROLE". */
static bool read_option(const char **cursor, struct parameter *parameter)
{
	parameter->kind = PARAMETER_FLAG;
	if (!take_until(cursor, " ]", parameter->name, sizeof(parameter->name)))
		return false;
	if ((*cursor)[0] != ' ' || !isupper((unsigned char)(*cursor)[1]))
		return true;
	parameter->kind = PARAMETER_OPTION;
	(*cursor)++;
	return take_until(cursor, " ].", parameter->value, sizeof(parameter->value));
}

static bool read_parameter(const char **cursor, struct parameter *parameter)
{
	*parameter = (struct parameter){ .required = !take(cursor, "[") };
	if (take(cursor, "<") ? !read_argument(cursor, parameter)
			      : !(take(cursor, "--") && read_option(cursor, parameter)))
		return false;
	if (!parameter->required && !take(cursor, "]"))
		return false;
	parameter->repeats = take(cursor, "...");
	return **cursor == ' ' || **cursor == '\0';
}

bool syntax_parse(const char *text, struct syntax *syntax)
{
	struct parameter parameter;

	for (const char *cursor = text; *cursor;) {
		if (take(&cursor, " "))
			continue;
		if (isalpha((unsigned char)*cursor)) {
			if (syntax->parameter_count > 0 || syntax->word_count == SYNTAX_WORDS_MAX ||
				!take_until(&cursor, " ", syntax->words[syntax->word_count],
					sizeof(syntax->words[0])))
				return false;
			syntax->word_count++;
			continue;
		}
		if (syntax->parameter_count == SYNTAX_PARAMETERS_MAX ||
			!read_parameter(&cursor, &parameter) || syntax_find(syntax, parameter.name))
			return false;
		syntax->parameters[syntax->parameter_count++] = parameter;
	}
	return true;
}

const struct parameter *syntax_find(const struct syntax *syntax, const char *name)
{
	for (size_t i = 0; i < syntax->parameter_count; i++)
		if (strcmp(syntax->parameters[i].name, name) == 0)
			return &syntax->parameters[i];
	return NULL;
}
