import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import type { Role } from './roles.ts';

/** One role held by one person. */
export class RoleGrantRow extends Model<InferAttributes<RoleGrantRow>, InferCreationAttributes<RoleGrantRow>> {
  declare userId: string;
  declare role: Role;
  declare grantedBy: CreationOptional<string | null>;
  declare grantedAt: CreationOptional<Date>;
}

export function defineAccess(sequelize: Sequelize): void {
  RoleGrantRow.init(
    {
      userId: { type: DataTypes.UUID, primaryKey: true },
      role: { type: DataTypes.TEXT, primaryKey: true },
      grantedBy: DataTypes.UUID,
      grantedAt: { type: DataTypes.DATE, defaultValue: DataTypes.NOW },
    },
    { sequelize, tableName: 'role_grants', timestamps: false },
  );
}
