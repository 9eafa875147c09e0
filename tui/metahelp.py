r"""What \? says."""

from typing import Final

HELP: Final = r"""Running
  \g [(OPTIONS)] [FILE]   run the statement (into a file)
  \gx                     run it, one line a value
  \gset [PREFIX]          its one row becomes variables
  \gexec                  run each value of its result
  \gdesc                  the columns it would give; it is not run
  \crosstabview [COLUMNS] its rows as a grid: down, across, value, order
  \watch [i=SEC] [c=N] [m=ROWS]  run it again and again
Describing (a pattern after it, + for more)
  \d [NAME]               relations, or all about one of them
  \dt \dv \dm \di \ds \dE  tables, views, materialized views, indexes, sequences, foreign tables
  \dn \du \df \da \dT \dD \dx  schemas, roles, functions, aggregates, types, domains, extensions
  \dp \ddp \db \l         privileges, default privileges, tablespaces, databases
  \sf NAME  \sv NAME      a function's source, a view's
  \h [STATEMENT]          SQL's syntax
Files
  \i FILE  \ir FILE       run a script; \ir looks beside the current one
  \copy ...               COPY with a file of this machine
  \o [FILE]               write results to a file, or back
  \e                      edit the text in $EDITOR (full screen)
Look
  \x [on|off]             one line a value
  \t  \a  \f [SIGN]       rows only; unaligned; what stands between unaligned values
  \pset OPTION VALUE      null, format, fieldsep, tuples_only, expanded
  \timing [on|off]        how long statements take
Variables and conditions
  \set NAME VALUE  \unset NAME
  \if  \elif  \else  \endif
  \echo  \qecho  \warn    write a text
Else
  \conninfo               who you are where
  \q                      leave"""
